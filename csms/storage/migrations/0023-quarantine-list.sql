-- What is in quarantine is listed by the time it came.

CREATE INDEX quarantine_received ON quarantine (operator_id, received_at, id);
