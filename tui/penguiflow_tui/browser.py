"""Opening an address in the person's browser, beside the terminal and never inside it."""

from __future__ import annotations

from penguiflow_tui.model.web_address import WebAddress


def open_in_browser(address: WebAddress) -> bool:
    """Ask a graphical browser to show the address; false when there is none. May take seconds.

    A browser that draws in the terminal would draw over the screen, so it is not asked.
    """
    import webbrowser  # noqa: PLC0415 - not for the first paint

    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    if type(browser) is webbrowser.GenericBrowser:
        return False
    return browser.open(address.text)
