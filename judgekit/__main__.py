"""`python -m judgekit` is `judgekit`."""

from judgekit.cli import main

if __name__ == "__main__":
    main()
