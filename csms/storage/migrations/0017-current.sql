-- Fails as a serialization failure does where somebody else changed a row since it was read,
-- however long ago that was.

CREATE FUNCTION expect_current(changed bigint, wanted int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF changed <> wanted THEN
        RAISE EXCEPTION 'somebody else changed % of % sessions', wanted - changed, wanted
            USING ERRCODE = 'serialization_failure';
    END IF;
END
$$;
