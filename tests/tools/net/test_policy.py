"""Where a connection may lead. ASI04, server-side request forgery."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from penguiflow.tools import ToolConnectionError
from penguiflow.tools._net import (
    AddressRefusedError,
    IpAddress,
    NetPolicy,
    ResolveName,
    origin_of,
    resolve_checked,
)


def resolver(**names: str) -> ResolveName:
    """Answer for `example_com` as a name server would for `example.com`; several addresses by spaces."""

    async def resolve(host: str, port: int) -> Sequence[IpAddress]:
        known = names.get(host.replace(".", "_"))
        if known is None:
            raise OSError("no such host")
        return [ip_address(text) for text in known.split()]

    return resolve


PUBLIC = resolver(example_com="93.184.215.14 2606:2800:21f::1")
INTERNAL = resolver(example_com="10.0.0.5")


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://localhost/",
        "http://a.localhost/",
        "http://localhost./",
        "http://0.0.0.0/",
        "http://\uff11\uff12\uff17.0.0.1/",
    ],
)
async def test_what_leads_inside_is_refused(url: str) -> None:
    with pytest.raises(AddressRefusedError, match="leads to") as caught:
        await resolve_checked(url, NetPolicy.for_urls("https://example.com/openapi.json"), resolve=PUBLIC)
    assert "`allowed_hosts`" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://example.com",
        "http:///x",
        "http://a@127.0.0.1/",
        "http://x:99999/",
        "//x/",
    ],
)
def test_what_is_no_url_of_http_is_refused(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        origin_of(url)


async def test_one_internal_address_among_public_ones_is_enough_to_refuse() -> None:
    mixed = resolver(example_com="93.184.215.14 127.0.0.1")
    with pytest.raises(AddressRefusedError, match=r"127\.0\.0\.1"):
        await resolve_checked("https://example.com", NetPolicy(), resolve=mixed)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000",
        "http://127.0.0.1:8000",
        "http://[::1]:8000",
        "http://10.1.2.3",
        "http://[fd00::1]",
    ],
)
async def test_a_local_origin_that_the_config_names_may_be_reached(url: str) -> None:
    assert await resolve_checked(f"{url}/x", NetPolicy.for_urls(f"{url}/openapi.json"), resolve=PUBLIC)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8001", "https://127.0.0.1:8000", "http://127.0.0.2:8000"])
async def test_another_port_scheme_or_machine_than_the_named_one_may_not(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        await resolve_checked(url, NetPolicy.for_urls("http://127.0.0.1:8000"), resolve=PUBLIC)


@pytest.mark.parametrize(
    "url", ["http://2130706433", "http://0.0.0.0", "http://169.254.169.254", "http://[::ffff:10.0.0.1]"]
)
async def test_naming_an_address_in_disguise_is_not_enough(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        await resolve_checked(url, NetPolicy.for_urls(url), resolve=PUBLIC)


async def test_a_name_that_stands_for_an_internal_address_is_refused_though_the_config_names_it() -> None:
    url = "https://example.com"
    with pytest.raises(AddressRefusedError) as caught:
        await resolve_checked(url, NetPolicy.for_urls(url), resolve=INTERNAL)
    assert "add `example.com` to `allowed_hosts`" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://example.com", "example.com"),
        ("https://example.com", "EXAMPLE.com."),
        ("https://example.com", "example.com:443"),
        ("http://10.0.0.5:81", "10.0.0.5"),
        ("http://localhost:9", "localhost:9"),
        ("http://[::1]:9", "::1"),
    ],
)
async def test_an_allowed_host_may_have_any_address(url: str, allowed: str) -> None:
    assert await resolve_checked(url, NetPolicy.for_urls(allowed_hosts=[allowed]), resolve=INTERNAL)


async def test_a_public_name_gives_its_addresses_in_order() -> None:
    found = await resolve_checked("https://example.com/x?y", NetPolicy(), resolve=PUBLIC)
    assert [str(address) for address in found] == ["93.184.215.14", "2606:2800:21f::1"]


async def test_a_name_without_address_is_said() -> None:
    with pytest.raises(ToolConnectionError, match=r"`https://nowhere\.example` has no address"):
        await resolve_checked("https://nowhere.example", NetPolicy(), resolve=PUBLIC)


@pytest.mark.parametrize("host", ["a" * 300, "xn--", "a..b", "é" * 70])
async def test_a_name_that_cannot_be_one_is_said_by_the_system_resolver(host: str) -> None:
    with pytest.raises(ToolConnectionError, match="has no address"):
        await resolve_checked(f"http://{host}/", NetPolicy())
