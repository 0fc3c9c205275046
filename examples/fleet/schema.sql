-- The tables of a fleet, for DuckDB. Every time is in UTC.

-- What is known of each enrolment. Your MDM server and your inventory fill the first six columns.
CREATE TABLE IF NOT EXISTS device (
    enrollment_id     TEXT NOT NULL,     -- what the MDM server queues commands under
    platform          TEXT NOT NULL,     -- from the inventory: Apple does not attest it
    user_enrolled     BOOLEAN NOT NULL,  -- then Apple attests neither serial number nor UDID
    serial_number     TEXT,
    provisioning_udid TEXT,              -- of a Mac
    udid              TEXT,              -- of any other device
    spki              BLOB,              -- the key of this enrolment, once it is attested
    state             TEXT NOT NULL,     -- mdm.DeviceState as JSON; it holds nonces: a secret
    reported          TEXT NOT NULL,     -- what the device said of itself last, as JSON
    trust             TEXT NOT NULL,
    reason            TEXT NOT NULL,     -- mdm.AskReason: why it is asked at again_at, or not now
    again_at          TIMESTAMP NOT NULL -- when to look at it again: what a timer reads
);

-- What the webhook stored: one row for each event, in the order in which they came. What is judged
-- may be deleted; the numbers go on growing.
CREATE TABLE IF NOT EXISTS event (
    number        BIGINT NOT NULL,
    enrollment_id TEXT NOT NULL,
    received_at   TIMESTAMP NOT NULL,
    body          BLOB NOT NULL          -- the JSON of NanoMDM
);

-- Up to which event everything is judged: one row for each step of a run.
CREATE TABLE IF NOT EXISTS step (run_at TIMESTAMP NOT NULL, last_event BIGINT NOT NULL);

-- One row for each answer: the columns of batch.OUTPUT_SCHEMA that a fleet is asked about.
CREATE TABLE IF NOT EXISTS verdict (
    event         BIGINT NOT NULL,
    enrollment_id TEXT NOT NULL,
    received_at   TIMESTAMP NOT NULL,
    made_after    TIMESTAMP,             -- when the nonce was sent that it answers
    verdict       TEXT NOT NULL,
    reason        TEXT,
    message       TEXT,
    freshness     TEXT,
    serial_number TEXT,
    os_version    TEXT,
    sip           TEXT,
    secure_boot   TEXT,
    spki_sha256   BLOB,
    not_after     TIMESTAMP,
    policy        TEXT,
    violated      TEXT,                  -- the rules that the device breaks
    lies          TEXT                   -- where it says other things than Apple, but for its age
);

-- Commands for the sender: committed together with the state that knows their nonce.
CREATE TABLE IF NOT EXISTS command (
    command_uuid  TEXT NOT NULL,
    enrollment_id TEXT NOT NULL,
    reason        TEXT NOT NULL,
    created_at    TIMESTAMP NOT NULL,
    body          BLOB NOT NULL
);

-- What the device answered last, whatever became of it.
CREATE OR REPLACE VIEW latest AS
FROM verdict QUALIFY row_number() OVER (PARTITION BY enrollment_id ORDER BY event DESC) = 1;

-- What Apple attested last. An answer to an old nonce may come late, or be sent again on purpose:
-- so the last is the one that was made last. One that answers no nonce may be of any age.
CREATE OR REPLACE VIEW attested AS
FROM verdict WHERE verdict = 'verified' AND freshness IN ('current', 'earlier')
QUALIFY row_number() OVER (PARTITION BY enrollment_id ORDER BY made_after DESC, event DESC) = 1;

-- Keys that more than one enrolment has attested: one of them relays the answers of another.
CREATE OR REPLACE VIEW shared_key AS
SELECT spki_sha256 FROM verdict WHERE verdict = 'verified'
GROUP BY spki_sha256 HAVING count(DISTINCT enrollment_id) > 1;

-- Today's posture: one row for each enrolment. What was never attested is null, and never good.
CREATE OR REPLACE VIEW posture AS
SELECT device.enrollment_id, device.platform, device.user_enrolled, device.serial_number,
    coalesce(latest.reason, latest.verdict, 'never-answered') AS answer,
    if(attested.spki_sha256 IN (FROM shared_key), 'none', device.trust) AS trust,
    attested.freshness, attested.os_version, attested.sip, attested.secure_boot,
    attested.policy, attested.violated, attested.lies, attested.made_after, attested.spki_sha256,
    device.reason AS next_reason, device.again_at
FROM device LEFT JOIN latest USING (enrollment_id) LEFT JOIN attested USING (enrollment_id);

-- The posture as the last run left it, and what each run has found changed.
CREATE TABLE IF NOT EXISTS posture_before AS FROM posture LIMIT 0;
CREATE TABLE IF NOT EXISTS change (
    run_at        TIMESTAMP NOT NULL,
    enrollment_id TEXT NOT NULL,
    what          TEXT NOT NULL,
    before        TEXT,
    after         TEXT
);

-- What an operator looks into. Each row is a device and a cause; most devices have none.
CREATE OR REPLACE VIEW alert AS
SELECT enrollment_id, 'lies about itself' AS what, lies AS detail FROM posture
WHERE lies IS NOT NULL
UNION ALL
SELECT enrollment_id, 'sent another device''s attestation', message FROM latest
WHERE reason IN ('identifier-mismatch', 'key-mismatch')
UNION ALL
SELECT enrollment_id, 'sent a forged attestation', message FROM latest
WHERE reason IN ('unknown-issuer', 'bad-signature', 'issuer-not-ca', 'path-length',
    'name-constraints', 'critical-extension', 'weak-algorithm', 'leaf-profile', 'untrusted')
UNION ALL
SELECT enrollment_id, 'shares its key with another enrolment', NULL FROM posture
WHERE spki_sha256 IN (FROM shared_key)
UNION ALL
SELECT enrollment_id, 'our own table is wrong', message FROM latest WHERE verdict = 'invalid';
