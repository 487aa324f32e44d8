"""One contract per port, as pytest mixins: every provider passes the same tests."""
