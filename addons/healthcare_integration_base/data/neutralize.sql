-- a copy talks to nobody: no endpoint works, no secret is left, the place of the database is not confirmed
UPDATE integration_endpoint
   SET state = 'suspended',
       suspension = 'neutralized',
       state_reason = 'This database was neutralized.'
 WHERE state <> 'draft';

UPDATE integration_credential
   SET secret_ciphertext = NULL,
       passphrase_ciphertext = NULL,
       former_ciphertext = NULL,
       former_until = NULL,
       secret_key_id = NULL,
       secret_fingerprint = NULL,
       public_key = NULL,
       rotated_on = NULL;

DELETE FROM integration_token;

UPDATE integration_instance
   SET instance_identifier = 'neutralized';

-- what waited to be done in production is not done here
UPDATE integration_task
   SET state = 'cancelled',
       claim_token = NULL,
       finished_at = now() AT TIME ZONE 'UTC'
 WHERE state IN ('pending', 'waiting', 'running');

UPDATE integration_message
   SET state = 'failed',
       state_reason = 'This database was neutralized: it does not send what waited.'
 WHERE direction = 'out' AND state = 'queued';
