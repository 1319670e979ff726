"""The case tables, one module a subject. Each module offers `cases() -> list[Case]`."""
