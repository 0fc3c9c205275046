"""What libFuzzer may put into an input as a whole: its dictionaries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from appleattest import oids
from appleattest.testing import der

_APPLE: Final = "1.2.840.113635.100.8"
_EXTENSIONS: Final = (
    *(
        f"1.2.840.113635.100.8.{arc}"
        for arc in ("9.1", "9.2", "9.3", "9.4", "10.1", "10.2", "10.3")
    ),
    *(f"1.2.840.113635.100.8.{arc}" for arc in ("11.1", "13.1", "13.2", "13.3", "13.4")),
    *(f"2.5.29.{arc}" for arc in (14, 15, 17, 18, 19, 30, 31, 32, 35, 36, 37, 54)),
    "1.3.6.1.5.5.7.1.1",
    "1.3.6.1.5.5.7.1.24",
    "1.3.6.1.4.1.11129.2.4.2",
    oids.BASIC_CONSTRAINTS,
)
_ALGORITHMS: Final = (
    *(f"1.2.840.10045.4.3.{arc}" for arc in (1, 2, 3, 4)),
    *("1.2.840.10045.2.1", "1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"),
    *("1.3.101.112", "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.11"),
)
_ATTRIBUTES: Final = (*(f"2.5.4.{arc}" for arc in (3, 5, 6, 10, 11)), "1.3.6.1.4.1.311.60.2.1.3")

DER: Final = (
    *map(der.oid, dict.fromkeys((*_EXTENSIONS, *_ALGORITHMS, *_ATTRIBUTES))),
    *(der.boolean(True), der.boolean(False), der.null(), der.integer(0), der.integer(1)),
    *(b"\x02\x00", b"\x02\x02\x00\x00", b"\x02\x81\x01\x00", b"\x30\x80", b"\x00\x00"),
    *(b"\x03\x02\x05\xa0", b"\x03\x02\x01\x06", b"\x30\x03\x01\x01\xff", b"\x30\x82", b"\xa3\x82"),
    *(b"\x17\x0d", b"\x18\x0f", b"250701120000Z", b"20500101000000Z", b"99991231235959Z"),
    *(b"Full Security", b"Reduced Security", b"Permissive Security", b"\x1a\x01", b"\x82\x01\x00"),
    *("\u200b".encode(), "\u202e".encode(), "\u2028".encode()),
)
PLIST: Final = (
    *(b"<plist>", b"</plist>", b"<dict>", b"</dict>", b"<array>", b"</array>", b"<array/>"),
    *(b"<key>", b"</key>", b"<string>", b"</string>", b"<data>", b"</data>", b"<true/>"),
    *(b"<false/>", b"<integer>", b"</integer>", b"<real>", b"</real>", b"<date>", b"</date>"),
    *(b"<!DOCTYPE plist", b"[<!ENTITY a 'b'>]", b"&a;", b"&lt;", b"&#0;", b"&#x41;", b"<![CDATA["),
    *(b"]]>", b"<!--", b"-->", b"<?xml version='1.0' encoding='UTF-8'?>", b"\xef\xbb\xbf"),
    *(b"encoding='utf-16'", b"encoding='latin-1'", b"\xff\xfe", b"2025-07-01T12:00:00Z"),
    *(b"Status", b"Acknowledged", b"Error", b"NotNow", b"QueryResponses"),
    *(b"DevicePropertiesAttestation", b"CommandUUID", b"UDID"),
)
BINARY_PLIST: Final = (
    *(b"bplist00", b"bplist15", b"\x4f\x11\x03\x00", b"\x5f\x10\x1b", b"\x6f\x10\x10", b"\xaf\x10"),
    *(b"\xdf\x10", b"\xd1\x01\x02", b"\xa2\x01\x02", b"\x08", b"\x09", b"\x33", b"\x23", b"\x14"),
    *(b"\x80\x01", b"\xff" * 8, b"\x00" * 8, *PLIST[-8:]),
)
CBOR: Final = (
    *(b"\xa0", b"\xa1", b"\xa2", b"\xa3", b"\xbf", b"\x80", b"\x81", b"\x82", b"\x9f", b"\xff"),
    *(b"\xf4", b"\xf5", b"\xf6", b"\xf7", b"\xf9\x7e\x00", b"\xfb", b"\xc0", b"\xc2\x41\x01"),
    *(b"\xd8\x18", b"\xd8\x1c", b"\xd8\x1d\x00", b"\xd8\x23", b"\xd8\x24", b"\xd9\xd9\xf7"),
    *(b"\x58", b"\x59", b"\x5a", b"\x5f", b"\x78", b"\x7f", b"\x1b", b"\x3b", b"\x41\x00"),
    *(b"\x63fmt", b"\x65apple", b"\x67attStmt", b"\x63x5c", b"\x68authData", b"\x63alg"),
)
JSON: Final = (
    *(b"{}", b"[]", b'"', b":", b",", b"null", b"true", b"false", b"NaN", b"Infinity", b"1e999"),
    *(b'"\\ud800"', b"\\u0000", b"\\", b"-0", b"\xef\xbb\xbf"),
    *(b'"attObj":', b'"acknowledge_event":', b'"raw_payload":', b'"topic":', b'"ids":'),
    *(b'"schema":1', b'"carrier":', b'"mdm"', b'"acme"', b'"chain"', b'"chain":[', b'"freshness":'),
    *(b'"current"', b'"earlier"', b'"unmatched"', b'"unchecked"', b'"freshness_code":'),
    *(b'"matched_freshness":', b'"requested_at":', b'"verified_at":', b"2025-07-01T12:00:00Z"),
    *(b"+00:00", b"+23:59", b"9999-12-31T23:59:59-23:59", b"0001-01-01T00:00:00+23:59"),
)
REQUEST: Final = (
    *map(der.oid, ("1.2.840.113549.1.9.14", "1.3.6.1.4.1.311.2.1.14", "1.2.840.113549.1.9.7")),
    *map(der.oid, ("1.3.6.1.5.5.7.8.3", "1.3.6.1.5.5.7.8.4", "1.3.6.1.4.1.311.20.2.3")),
    *map(der.oid, ("0.9.2342.19200300.100.1.1", "1.3.6.1.5.5.7.3.2", "2.5.29.37.0")),
    *(b"\xa0\x00", b"\x82\x0eserver.example", b"\x0c\x07Example", b"TESTSERIAL01"),
    b"\x1e\x02\x00A",
    *DER,
)
IDENTIFIER: Final = (
    *(b"/", b".", b"/1.2.840.113635", b"/0.39", b"/1.39", b"/2.999", b"/1.40", b"/3.1", b".00"),
    *(b"\xed\xa0\x80", b"\n", b"\x00", "\u0661".encode(), "\u200b".encode(), b"C02"),
    *(b"\x30\x05\x0c\x03C02", b"\x06\x02\x2a\x03", b"\x04\x03C02", b"\x2a\x80\x03"),
    *(b'"permanent-identifier"', b'"hardware-module"', b'{"type":', b'"value":', b'"\\ud800"'),
)
STORED: Final = (
    *(b'"as_of":', b'"made_by":', b'"retry_at":', b'"random_due":', b'"reported":', b'"pending":'),
    *(b'"nonces":', b'"nonce":', b'"sent_at":', b'"command_uuid":', b'"failures":', b'"lost":'),
    *(b'"distrusted":', b'"OSVersion"', b"YQ==", b"0001-01-01T00:00:00Z", b"99999999999999999999"),
    *(b'"status":', b'"pending"', b'"processing"', b'"valid"', b'"invalid"', b'"validated":'),
    *(b'"error":', b'"url":', b'"token":', b'"type":', b'"device-attest-01"', b'{"a":{"a":'),
)
PROFILE: Final = (
    *map(der.oid, (*(f"1.2.840.113549.1.7.{arc}" for arc in (1, 2, 3)), "1.2.840.113549.1.9.5")),
    *map(der.oid, ("1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4", "1.2.840.113549.1.1.13")),
    *map(der.oid, (f"2.16.840.1.101.3.4.2.{arc}" for arc in (1, 2, 3, 8))),
    *(b"\x24\x80", b"\x31\x80", b"\xa0\x80", b"\x06\x82\x10\x00", b"\x80\x14", b"\x31\x00"),
    *(b"com.apple.security.acme", b"Configuration", b"PayloadContent", b"PayloadType"),
    *(b"PayloadUUID", b"PayloadIdentifier", b"PayloadVersion", b"PayloadScope", b"IsEncrypted"),
    *(b"EncryptedPayloadContent", b"DirectoryURL", b"ClientIdentifier", b"KeyType", b"KeySize"),
    *(b"HardwareBound", b"Attest", b"Subject", b"SubjectAltName", b"UsageFlags", b"RSA"),
    *(b"ExtendedKeyUsage", b"KeyIsExtractable", b"AllowAllAppsAccess", b"ECSECPrimeRandom"),
)
TOML: Final = (
    *(b"schema = 1\n", b"[mac]\n", b"[device]\n", b"[attestation]\n", b"[minimum_os_version]\n"),
    *(b"minimum_sepos_version", b"minimum_llb_version", b"macos", b"ios", b"ipados", b"tvos"),
    *(b"sip_enabled", b"full_security", b"no_third_party_kexts", b"identified", b"in_inventory"),
    *(b"no_discrepancies", b"key_types", b"freshness", b"maximum_age_days", b"anchored_at_apple"),
    *(
        b" = true\n",
        b" = false\n",
        b'"15.10"',
        b'"16.4.1 (a)"',
        b'"but-for-age"',
        b'["P-384"]',
        b'["current"]',
    ),
    *(b"nan", b"inf", b"0x1", b"1e9", b"2025-07-01", b"12:00:00", b"{}", b"[]", b"[[a]]"),
)
TEXT: Final = (b"=", b"==", b"-", b"_", b"+", b"/", b"\n", b" ", b"A", b"omNmbXRlYXBwbGU", b"MII")
PEM: Final = (b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----", b"-----BEGIN ", b"MII")


def dictionary(tokens: Iterable[bytes]) -> str:
    """The tokens in libFuzzer's file format, each once."""
    quoted = ("".join(f"\\x{octet:02x}" for octet in token) for token in dict.fromkeys(tokens))
    return "".join(f'"{token}"\n' for token in quoted)
