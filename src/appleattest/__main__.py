"""`python -m appleattest`: the command line."""

from appleattest.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
