"""``python -m tuningfork``: the command, where its script is not on the path."""

from tuningfork.cli import main

if __name__ == "__main__":
    main()
