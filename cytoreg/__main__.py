"""`python -m cytoreg` is `cytoreg`."""

from cytoreg.cli import main

if __name__ == "__main__":
    main()
