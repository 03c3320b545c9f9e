"""`python -m spillover`."""

from spillover.cli import main

if __name__ == "__main__":
    main()
