"""What a case is about: each flag is explained once, with the bug it finds and its effect."""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

_VALID: Final = ("BASIC", "FUNCTIONALITY")


class Note(NamedTuple):
    """`bug_type` is Wycheproof's kind of class, `effect` what a verifier with the bug allows.

    The effect decides the result: `result` is that of every case with the flag, and a case of
    another result says why (`because`). It is `valid` where the bug refuses what is in order,
    `invalid` where the bug accepts what is not, unless `stated` says otherwise.
    """

    bug_type: str
    description: str
    effect: str
    stated: str | None = None

    @property
    def result(self) -> str:
        """The result that the tests with this flag have."""
        return self.stated or ("valid" if self.bug_type in _VALID else "invalid")


class Flag(Enum):
    """A property that cases share. The name in the JSON is in CamelCase."""

    GENUINE = Note(
        "BASIC",
        "An attestation in the exact shape of Apple's, without defect.",
        "A verifier that refuses it cannot be used.",
    )
    OS_GENERATION = Note(
        "BASIC",
        "The set of properties that a generation of an operating system asks for.",
        "A verifier that demands a property refuses every device that cannot have it.",
    )
    USER_ENROLMENT = Note(
        "FUNCTIONALITY",
        "Serial number and UDID are left out, as under user enrolment.",
        "A verifier that demands them refuses every device of its owner's.",
    )
    BLANK_PROPERTY = Note(
        "MISSING_STEP",
        "A property whose value is blank: Apple could not determine it.",
        "Blank taken for good turns 'unknown' into 'in order'.",
        "valid",
    )
    MALFORMED_PROPERTY = Note(
        "MODIFIED_PARAMETER",
        "A property, not an identifier, that is not in its documented encoding. A verifier may "
        "refuse it, or read the value as absent; never as good.",
        "A value that is guessed differs between two readers of one certificate.",
        "acceptable",
    )
    UNRECOGNIZED_STATUS = Note(
        "EDGE_CASE",
        "A status outside its documented values.",
        "A test for 'not bad' takes it for good.",
        "valid",
    )
    NON_CANONICAL_INTEGER = Note(
        "BER_ENCODING",
        "An INTEGER that lenient decoders read as 0, the good value of two properties. A "
        "verifier may refuse it, or read the value as absent; never as good.",
        "A device in an unknown state passes for one in order.",
        "acceptable",
    )
    UNKNOWN_PROPERTY = Note(
        "FUNCTIONALITY",
        "An extension under Apple's arc without a documented meaning.",
        "Refusing it breaks with the next OS; interpreting it is a guess.",
    )
    FRESHNESS_ABSENT = Note(
        "MISSING_STEP",
        "No freshness code, or a blank one.",
        "Any attestation of the device, however old, passes for a new one.",
    )
    FRESHNESS_MISMATCH = Note(
        "MISSING_STEP",
        "A freshness code that was made for another request.",
        "An attestation can be replayed.",
    )
    FRESHNESS_ENCODING = Note(
        "MODIFIED_PARAMETER",
        "A freshness code that is a prefix, an extension or another encoding of the expected one.",
        "A comparison that is not of octets, or not of all of them, lets chosen codes pass.",
    )
    FRESHNESS_RULE = Note(
        "CONFUSION",
        "The code follows the rule of the other carrier, or of RFC 8555's key authorization.",
        "An attestation made for one protocol is accepted in another.",
    )
    NONCE_LENGTH = Note(
        "FUNCTIONALITY",
        "A nonce of each length that Apple allows, 1 to 32 bytes.",
        "A verifier that assumes 32 bytes refuses genuine answers.",
    )
    CACHED_ATTESTATION = Note(
        "FUNCTIONALITY",
        "A cached attestation that answers an earlier nonce.",
        "Taken for current, out-of-date properties are believed.",
    )
    CHAIN_ORDER = Note(
        "FUNCTIONALITY",
        "Genuine certificates in another order, or repeated, the leaf first.",
        "A verifier that depends on order refuses chains that no device of today sends.",
        "acceptable",
    )
    EXTRA_CERTIFICATES = Note(
        "FUNCTIONALITY",
        "Certificates beside those of the path, each in order for itself.",
        "They must help no path. A verifier may refuse to look at what it did not ask for.",
        "acceptable",
    )
    SEVERAL_ISSUERS = Note(
        "FUNCTIONALITY",
        "Several certificates have the name of an issuer; one of them works.",
        "A verifier that tries one only refuses genuine chains during a rotation.",
    )
    ROOT_ROTATION = Note(
        "FUNCTIONALITY",
        "An old and a new root, cross-signed or both trusted.",
        "A fleet stops attesting on the day of the rotation.",
    )
    UNTRUSTED_ISSUER = Note(
        "MISSING_STEP",
        "The chain leads to nobody whom the verifier trusts.",
        "Anyone can attest anything.",
    )
    FORGED_SIGNATURE = Note(
        "AUTH_BYPASS",
        "A signature that the issuer's key did not make.",
        "Anyone can attest anything.",
    )
    LEAF_AS_ISSUER = Note(
        "AUTH_BYPASS",
        "A genuine leaf, whose key a device holds, acts as an issuer.",
        "Every owner of one genuine device can attest any other.",
    )
    LEAF_PROFILE = Note(
        "AUTH_BYPASS",
        "The first certificate is, or could act as, something else than a leaf.",
        "An authority's certificate passes for a device.",
    )
    PATH_LENGTH = Note(
        "AUTH_BYPASS",
        "More intermediates than an authority allows below it.",
        "A constrained authority escapes its constraint.",
    )
    KEY_USAGE = Note(
        "AUTH_BYPASS",
        "An issuer, or a leaf, with a keyUsage or basicConstraints that allow too little, or "
        "too much.",
        "A key that was given for one purpose serves another.",
    )
    CRITICAL_EXTENSION = Note(
        "MISSING_STEP",
        "A critical extension that a verifier of attestations cannot process, or that forbids "
        "the path.",
        "A restriction that the issuer insists on is ignored.",
    )
    NAME_CONSTRAINTS = Note(
        "MISSING_STEP",
        "A certificate constrains names; validators differ about what that means.",
        "Two verifiers disagree about one chain.",
        "acceptable",
    )
    DUPLICATE_EXTENSION = Note(
        "MALLEABILITY",
        "One extension stands twice.",
        "One reader takes the first, another the last.",
    )
    VALIDITY = Note(
        "EDGE_CASE",
        "The time of verification is outside a validity, by a second or by years.",
        "A certificate is used outside the time for which its issuer vouches.",
    )
    WEAK_ALGORITHM = Note(
        "WEAK_PARAMS",
        "A key or hash that is known to be weak: SHA-1, RSA of 1024 bits.",
        "The weakest algorithm that is accepted decides what a forgery costs.",
    )
    BER_ENCODING = Note(
        "BER_ENCODING",
        "A certificate that is not DER, though lenient parsers read it.",
        "One certificate has many encodings, so that a search by its digest misses it.",
    )
    MALFORMED_CERTIFICATE = Note(
        "MODIFIED_PARAMETER",
        "A certificate with a field that no certificate may have.",
        "Parsers differ, or fail in a way that nobody foresaw.",
    )
    SIGNATURE_MALLEABILITY = Note(
        "MALLEABILITY",
        "A second signature value that the algorithm itself allows.",
        "A verifier that refuses it refuses half of all signatures; a replay is told by the key "
        "alone.",
        "valid",
    )
    MALFORMED_CBOR = Note(
        "MODIFIED_PARAMETER",
        "CBOR that is not well-formed, or whose parts that are read have two values or another "
        "type.",
        "Two readers see two objects, or a parser does what a tag asks for.",
    )
    MALFORMED_OBJECT = Note(
        "MODIFIED_PARAMETER",
        "Well-formed CBOR that is no attestation object of Apple's format.",
        "An absent member is taken for an empty one.",
    )
    MALFORMED_BASE64 = Note(
        "MALLEABILITY",
        "Text that is not base64url without padding.",
        "Two readers see two objects: what one skips, or stops at, the other does not.",
    )
    MALFORMED_PLIST = Note(
        "MODIFIED_PARAMETER",
        "A response that is no property list, or whose parts that are read have two values.",
        "Two readers see two responses, or a parser is kept busy.",
    )
    NO_ATTESTATION = Note(
        "MISSING_STEP",
        "An answer without an attestation.",
        "Absence is taken for success.",
    )
    TOO_LARGE = Note(
        "DENIAL_OF_SERVICE",
        "More octets, levels, certificates or digits than any device sends.",
        "A client decides how much work a server does. Where the bound is, each verifier says.",
        "acceptable",
    )

    SELF_ISSUED = Note(
        "AUTH_BYPASS",
        "A certificate that names itself as its issuer, and is no trust anchor.",
        "It verifies with its own key and proves nothing; several cost a verifier its time.",
    )
    TRUST_ANCHOR = Note(
        "FUNCTIONALITY",
        "Who is trusted is for the verifier's configuration to say, and nobody else.",
        "A root that is presented is taken for one that is trusted, or the reverse.",
    )
    NAME_MATCHING = Note(
        "EDGE_CASE",
        "The names of subject and issuer are not the same octets.",
        "Two verifiers disagree about who issued a certificate.",
        "acceptable",
    )
    REMEMBERED_ISSUER = Note(
        "MISSING_STEP",
        "What it takes to verify was presented in an earlier test, and not, or no longer, in this.",
        "The answer depends on what a long-lived verifier has seen before.",
    )
    DEFECTIVE_EXTRA = Note(
        "EDGE_CASE",
        "A defect in a certificate that no path needs.",
        "Refused or set aside, it must be so in every order, or the answer depends on the order.",
        "acceptable",
    )
    KEY_IDENTIFIER = Note(
        "FUNCTIONALITY",
        "Key identifiers that are absent, as in every leaf of Apple's, or name another key.",
        "They are hints: a verifier that demands them refuses genuine chains.",
    )
    EXTRA_EXTENSION = Note(
        "FUNCTIONALITY",
        "A non-critical extension that says nothing about an attestation.",
        "A verifier that refuses it breaks on the day on which Apple adds one.",
    )
    LIFETIME = Note(
        "FUNCTIONALITY",
        "The first and the last second of a validity, and validities of another length than "
        "today's.",
        "A verifier that is a second off, assumes 90 days, or wants nested validities, refuses "
        "genuine chains.",
    )
    ALGORITHM_AGILITY = Note(
        "FUNCTIONALITY",
        "Another of the curves and hashes that are accepted.",
        "A verifier that knows P-384 and SHA-384 alone refuses genuine chains.",
    )
    ALGORITHM_CONFUSION = Note(
        "CONFUSION",
        "What names the algorithm does not fit the key, the signature, or its other copy.",
        "A signature is checked by a rule that its maker chose.",
    )
    MALFORMED_KEY = Note(
        "MODIFIED_PARAMETER",
        "A public key that is no point on its curve, or in another encoding than the usual.",
        "One key has many encodings, so that its reuse goes unnoticed, or is anybody's.",
    )
    SHA256_OF_NONCE = Note(
        "FUNCTIONALITY",
        "A carrier whose freshness code is the SHA-256 of what was sent (ACME, Platform SSO).",
        "A verifier that knows one rule only refuses, or confuses, the other.",
    )
    FRESHNESS_UNCHECKED = Note(
        "FUNCTIONALITY",
        "The caller asks for no check of freshness.",
        "A verifier that demands a code all the same refuses cached attestations.",
    )

    OMITTED_PROPERTY = Note(
        "MISSING_STEP",
        "A property that the device left out of its request, and Apple out of the leaf.",
        "A rule that only looks for bad values is satisfied by a compromised device's silence.",
        "valid",
    )
    IGNORED_MEMBER = Note(
        "FUNCTIONALITY",
        "A message with members beside those that are documented, or with others left out.",
        "A verifier that refuses them breaks with the next client.",
    )
    CARRIER_FORM = Note(
        "FUNCTIONALITY",
        "A form of the message that is allowed, and that not every sender uses.",
        "A verifier that knows one form only refuses genuine messages.",
    )
    ATTESTED_KEY = Note(
        "FUNCTIONALITY",
        "An attested key on each curve of the Secure Enclave's identity keys.",
        "A verifier that assumes one curve refuses half of the devices.",
    )

    GENUINE_REQUEST = Note(
        "BASIC",
        "A certificate request as Apple's client makes it, or as the draft describes one.",
        "A server that refuses it cannot be used.",
    )
    UNATTESTED_KEY = Note(
        "AUTH_BYPASS",
        "A certificate request for another key than the attested one.",
        "A key in software gets the certificate that was meant for one in hardware.",
    )
    KEY_ENCODING = Note(
        "EDGE_CASE",
        "The attested key in another encoding than the attestation's.",
        "One key passes for two, or two for one.",
        "acceptable",
    )
    PROOF_OF_POSSESSION = Note(
        "MISSING_STEP",
        "A certificate request whose signature is not one of its key over this request.",
        "Who has seen an attestation gets a certificate for its key, with names of his choice.",
    )
    REQUEST_ALGORITHM = Note(
        "FUNCTIONALITY",
        "Each of the hashes with which a request may be signed.",
        "Apple's client signs with SHA-256 whatever the curve, and others do not.",
    )
    MALFORMED_REQUEST = Note(
        "MODIFIED_PARAMETER",
        "A certificate request that is not DER, or not of the structure of RFC 2986.",
        "Two readers see two requests.",
    )
    SECOND_REQUEST = Note(
        "CONFUSION",
        "Extensions that are asked for in two places, or in one that few look at.",
        "A server judges the first, and issues from the second.",
    )
    POWER_TO_ISSUE = Note(
        "AUTH_BYPASS",
        "A request for a CA, or for a key that signs certificates or revocation lists.",
        "A device becomes an authority.",
    )
    UNWANTED_EXTENSION = Note(
        "MISSING_STEP",
        "An extension, a use of the key or an attribute that no allowlist has.",
        "A client writes into its certificate what nobody has looked at.",
    )
    WANTED_EXTENSION = Note(
        "FUNCTIONALITY",
        "An extension that a client may ask for.",
        "A server that refuses it refuses the requests that a payload can lead to.",
    )
    BINDING_MODE = Note(
        "FUNCTIONALITY",
        "Where a request may show the order's identifier, under each of the four modes.",
        "A server demands what Apple's client cannot do.",
    )
    ANOTHER_IDENTIFIER = Note(
        "AUTH_BYPASS",
        "An identifier that is not the order's, beside it or in its place.",
        "A device gets a certificate in the name of another.",
    )
    ASSIGNED_IDENTIFIER = Note(
        "CONFUSION",
        "An assigner or a type of hardware, which makes another identifier of the same value.",
        "A name that Apple does not attest passes for the serial number that it does.",
    )
    LOOKALIKE_IDENTIFIER = Note(
        "CONFUSION",
        "Identifiers that folding, trimming or normalising would make equal.",
        "Two devices have one name, or one device has two.",
    )
    IDENTIFIER_FORM = Note(
        "FUNCTIONALITY",
        "An identifier of each form that the draft allows, as text and as otherName.",
        "A server that knows serial numbers alone refuses what may be ordered.",
    )
    IDENTIFIER_GRAMMAR = Note(
        "MODIFIED_PARAMETER",
        "Text, or the content of a name, that the draft's grammar does not allow.",
        "Text that is rebuilt from a name becomes that of another identifier.",
    )
    OTHER_NAME_ENCODING = Note(
        "BER_ENCODING",
        "An otherName that is not the one DER encoding of an identifier.",
        "A lenient reader finds an identifier where another finds none, or a different one.",
    )
    COMMON_NAME_FORM = Note(
        "CONFUSION",
        "A common name that is not the only one, not alone in its RDN, or an odd string.",
        "A server judges one common name, and whoever reads the certificate sees another.",
        "acceptable",
    )
    STRING_TYPE = Note(
        "EDGE_CASE",
        "A name in a string type that few readers decode.",
        "Two readers decode one string differently.",
        "acceptable",
    )
    UNORDERED_NAME = Note(
        "AUTH_BYPASS",
        "A name beside the order's identifier that the server has not allowed.",
        "A device gets a certificate in the name of a server, or of a person.",
    )
    ALLOWED_NAME = Note(
        "FUNCTIONALITY",
        "A name beside the order's identifier that the server has allowed.",
        "A server cannot issue for what its own payload asks for.",
    )
    RELAYED_ATTESTATION = Note(
        "AUTH_BYPASS",
        "A genuine attestation of a device that was not asked.",
        "Who owns one genuine device answers for any other.",
    )
    KNOWN_DEVICE = Note(
        "FUNCTIONALITY",
        "What the server knows of the device is what Apple attests of it.",
        "A server that compares something else refuses its own devices.",
    )
    KNOWN_KEY = Note(
        "AUTH_BYPASS",
        "Under user enrolment nothing but the key that was attested before tells the device.",
        "One enrolled device passes for another.",
    )
    NAMED_DEVICE = Note(
        "FUNCTIONALITY",
        "The caller names the devices that may answer, since the identifier names none.",
        "A server cannot use one-time codes, assigned identifiers or hardware modules.",
    )
    VOUCHED_ELSEWHERE = Note(
        "FUNCTIONALITY",
        "The caller asks for no check of the device: somebody else vouches for the client.",
        "A verifier that demands an identifier all the same refuses one-time codes.",
    )
    MALFORMED_JSON = Note(
        "MODIFIED_PARAMETER",
        "A challenge response that is no JSON object, or has two values of `attObj`.",
        "Two readers see two responses.",
    )
    LYING_DEVICE = Note(
        "MISSING_STEP",
        "The device says other things of itself than Apple attests.",
        "What a compromised system says is believed because an attestation came with it.",
        "acceptable",
    )
    HONEST_DIFFERENCE = Note(
        "FUNCTIONALITY",
        "The device and Apple use other words for the same, or one of them is silent.",
        "Honest devices pass for lying ones, until nobody looks at what is found.",
    )
    TWO_DEFECTS = Note(
        "EDGE_CASE",
        "Two checks refuse it. The reason is that of the first.",
        "Whoever mends what is named is refused again, or what the second protects is forgotten.",
    )
    ABSENT_IDENTIFIER = Note(
        "MISSING_STEP",
        "An identifier that is asked for is absent from the leaf, or blank.",
        "Absent taken for equal, or for empty, makes one device pass for any other.",
    )
    MALFORMED_IDENTITY = Note(
        "MODIFIED_PARAMETER",
        "A serial number or UDID that is not in its documented encoding.",
        "To repair one, or to cut it short, makes two devices one.",
    )
    SPACES = Note(
        "EDGE_CASE",
        "A text property with spaces at an end, or an identifier with one inside. A verifier "
        "may refuse it, read it as absent, or as it stands; never trimmed.",
        "Text that is trimmed makes two values one: a level that is not documented, say, the "
        "good one.",
        "acceptable",
    )
    ISSUER_FORM = Note(
        "FUNCTIONALITY",
        "An issuer that may issue, and says so in another way than Apple's.",
        "A verifier that demands more than RFC 5280 refuses tomorrow's chains.",
    )
    LEAF_FORM = Note(
        "EDGE_CASE",
        "A leaf that is no authority, by RFC 5280, and says so in another way than every leaf "
        "of Apple's.",
        "Verifiers may hold a leaf to Apple's form. That no authority passes for a device "
        "depends on RFC 5280 alone.",
        "acceptable",
    )
    PROCESSED_EXTENSION = Note(
        "EDGE_CASE",
        "A critical extension that a validator of RFC 5280, or one that reads attestations, "
        "processes, and that forbids nothing here.",
        "Verifiers with an allowlist of their own refuse what others have processed.",
        "acceptable",
    )
    OTHER_ALGORITHM = Note(
        "WEAK_PARAMS",
        "A key, curve or hash that is not weak, and that Apple's chains do not use.",
        "Each algorithm that is accepted is one more to be attacked. No attack is known on these.",
        "acceptable",
    )
    STRICT_READING = Note(
        "EDGE_CASE",
        "What a strict reader refuses where nothing depends on it: under an ignored key, or in "
        "a second encoding of the same.",
        "Readers differ about the message, and agree about all that is read of it.",
        "acceptable",
    )
    LEFT_OPEN = Note(
        "EDGE_CASE",
        "A question that the documents leave open, or a duty of the sender's alone.",
        "Two sound verifiers differ, and neither lets an attacker win.",
        "acceptable",
    )
    IGNORED_ATTRIBUTE = Note(
        "EDGE_CASE",
        "An attribute of a request that asks for nothing in a certificate.",
        "A server may refuse what it does not know. It must not issue anything because of it.",
        "acceptable",
    )
    UNBOUND_REQUEST = Note(
        "MISSING_STEP",
        "A request without the order's identifier where one is due, or with it where none may be.",
        "A server that demands nothing issues for anybody.",
    )
    ENCODING_DECLARATION = Note(
        "CONFUSION",
        "An XML declaration names an encoding that the octets are not in.",
        "Two readers see two texts: one believes the declaration, the other the octets.",
    )

    @property
    def label(self) -> str:
        """The name of the flag in the JSON."""
        return "".join(word.capitalize() for word in self.name.split("_"))
