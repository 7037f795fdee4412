"""Over TLS, the certificate has to be that of the name, although the connection goes to an address."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from penguiflow.tools import ToolConnectionError
from penguiflow.tools._net import IpAddress, NetPolicy
from penguiflow.tools._net.client import GuardedClient


async def here(host: str, port: int) -> Sequence[IpAddress]:
    return [ip_address("127.0.0.1")]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Make a file with the key and the certificate of `api.example`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "api.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("api.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "both.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + made.public_bytes(pem))
    return file


@pytest.fixture
async def port(certificate: Path) -> AsyncGenerator[int, None]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
        await writer.drain()
        writer.close()

    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls) as server:
        yield server.sockets[0].getsockname()[1]


def client(certificate: Path) -> GuardedClient:
    policy = NetPolicy.for_urls(allowed_hosts=["api.example", "other.example"])
    tls = ssl.create_default_context(cafile=certificate)
    return GuardedClient(policy, timeout_s=5, max_response_bytes=1000, resolve=here, tls=tls)


async def test_the_certificate_of_the_name_is_accepted(certificate: Path, port: int) -> None:
    async with client(certificate) as guarded:
        assert (await guarded.send("GET", f"https://api.example:{port}/")).body == b"hi"


async def test_the_certificate_of_another_name_is_not(certificate: Path, port: int) -> None:
    async with client(certificate) as guarded:
        await guarded.send("GET", f"https://api.example:{port}/")
        with pytest.raises(ToolConnectionError, match="certificate"):
            await guarded.send("GET", f"https://other.example:{port}/")
