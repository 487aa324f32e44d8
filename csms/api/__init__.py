"""The REST face: routes declared once, which serve, validate, admit and describe themselves."""
