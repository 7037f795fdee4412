"""What an authorization server gave: tokens of one person, and the registration of this program."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from penguiflow.redaction import remember_secret


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Grant(_Kept):
    """Tokens of one person, with all that is needed to refresh them.

    `expires_at` and `refresh_at` are Unix times; None means never. `binding` is the issuer they came from,
    or the token endpoint where no issuer is known.
    """

    access_token: str = Field(repr=False)
    refresh_token: str | None = Field(default=None, repr=False)
    expires_at: float | None = None
    refresh_at: float | None = None
    scope: str = ""
    binding: str = ""
    resource: str = ""
    token_url: str = ""
    client_id: str = ""
    client_secret: str = Field(default="", repr=False)
    uses_basic_auth: bool = False

    def is_valid(self, now: float) -> bool:
        """Whether the access token has not expired."""
        return self.expires_at is None or now < self.expires_at

    def is_due(self, now: float) -> bool:
        """Whether it is time to refresh: shortly before a token would expire on its way."""
        return self.refresh_at is not None and now >= self.refresh_at

    def remember(self) -> Grant:
        """Have its secrets redacted everywhere from now on."""
        for secret in (self.access_token, self.refresh_token, self.client_secret):
            if secret:
                remember_secret(secret)
        return self


class Registration(_Kept):
    """How this program was registered with an issuer for one redirect URI (RFC 7591)."""

    issuer: str
    client_id: str
    client_secret: str = Field(default="", repr=False)
    uses_basic_auth: bool = False
    redirect_uri: str
    expires_at: float | None = None


def parse_grant(text: str) -> Grant | None:
    """Return the grant that was stored; None when the text is none, such as after damage."""
    try:
        return Grant.model_validate_json(text).remember()
    except ValidationError:
        return None


def parse_registration(text: str) -> Registration | None:
    """Return the registration that was stored; None when the text is none."""
    try:
        registration = Registration.model_validate_json(text)
    except ValidationError:
        return None
    if registration.client_secret:
        remember_secret(registration.client_secret)
    return registration
