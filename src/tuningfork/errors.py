"""The one family of errors: each says what is wrong, where, and what to do next."""


class TuningForkError(Exception):
    """Anything a user can mend. The command line prints the message and exits with the code."""

    exit_code = 2


class UnreadableImage(TuningForkError):
    """A picture that cannot be read or that holds no usable pixels."""


class BadTable(TuningForkError):
    """A table that cannot be read, lacks a column, or has no usable row."""


class BadData(TuningForkError):
    """A data set whose layout is not recognised, or that holds no usable galaxy."""


class BadRule(TuningForkError):
    """A label rule, recipe or model card whose text breaks its own form."""


class UnknownName(TuningForkError):
    """A class, rule, recipe, source or model that does not exist."""


class BadModel(TuningForkError):
    """Weights or a card that are missing, damaged or do not belong together."""


class TrainingStopped(TuningForkError):
    """Training ended early (memory, disk, interrupt); the run can be resumed."""


class TrainingInterrupted(TrainingStopped):
    """Ctrl-C or SIGTERM, after which every verb exits with 130."""

    exit_code = 130


class ServiceFailed(TuningForkError):
    """A service on the internet that cannot be reached, or that answers nothing of use."""


class NothingThere(UnreadableImage):
    """A frame that shows no sky: black, of one colour, or a message in place of a picture."""
