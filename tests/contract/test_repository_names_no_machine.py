"""Nothing in the repository depends on, or tells of, the machine or registry it was made with."""

import re

from tests.contract.documents import files, name_of

# Spelled in pieces, so that this file does not contain what it looks for.
REGISTRIES = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("registry", "npmjs"), ("registry", "yarnpkg"))]
HOMES = ["/" + name + "/" for name in ("home", "root", "work", "Users", "workspace")]
FORBIDDEN = re.compile(
    "|".join([*map(re.escape, REGISTRIES), *(rf"(?<![\w.}}]){re.escape(home)}\w" for home in HOMES), "--index" + "-url"])
)


def test_no_file_names_a_package_registry_or_a_path_of_one_machine() -> None:
    """Requirements come from whichever registry the reader's own tools use, and paths are relative."""
    found = []
    for path in files():
        content = path.read_bytes()
        if b"\0" not in content:
            found += [(name_of(path), match[0]) for match in FORBIDDEN.finditer(content.decode("utf-8"))]
    assert found == []
