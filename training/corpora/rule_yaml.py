"""YAML of rule files: as texts, lists and objects, nothing else.

``BaseLoader`` makes no dates, numbers or objects of any class: a date stays the text that was written, and a
file cannot run code. What a document's aliases stand for is one object, so they cannot blow it up either.
"""

from typing import Any, Final

import yaml

from training.place import Place

# libyaml's is ten times faster, and not in every build.
_LOADER: Final[Any] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def document(text: str, path: str) -> tuple[Place, dict[str, Any]] | None:
    """Return the first document of a rule file and where it begins; None where the file is empty.

    Raises CorpusRefused: no YAML, or no object.
    """
    try:
        doc = next(iter(yaml.load_all(text, Loader=_LOADER)), None)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        Place(path, 1 if mark is None else mark.line + 1).refuse(
            f"no YAML: {getattr(error, 'problem', None) or type(error).__name__}"
        )
    if doc is None or doc == "":
        return None
    if type(doc) is not dict:
        Place(path, 1).refuse("no YAML object")
    return Place(path, 1), doc
