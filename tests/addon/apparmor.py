"""Whether an AppArmor profile allows what strace saw, for machines whose kernel has no AppArmor: file rules and
executions only, neither capabilities nor network. Symbolic links are followed inside the container's files, as the
kernel does before it looks at a rule."""

import os
import pathlib
import re

LIBRARY = pathlib.Path("/etc/apparmor.d")  # the abstractions of the package apparmor
RULE = re.compile(r"(?:audit\s+)?(?P<deny>deny\s+)?(?:owner\s+)?(?P<path>(?:/|@\{)\S*)\s+"
                  r"(?P<rights>[a-zA-Z]+)(?:\s+->\s+\S+)?,$")
INCLUDE = re.compile(r"#?include\s+(?:if\s+exists\s+)?<([^>]+)>$")
CALL = re.compile(r'(?P<name>\w+)\((?P<arguments>.*)\)\s+= \d+')
PATH = re.compile(r'(?:(?:AT_FDCWD|\d+)(?:<(?P<folder>[^>]*)>)?, )?"(?P<path>(?:[^"\\]|\\.)*)"')
WRITING = {"mkdir", "mkdirat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "chmod", "fchmodat",
           "fchmodat2", "chown", "lchown", "fchownat"}
# For strace, which need not know them all.
CALLS = ",".join(f"?{name}" for name in sorted(WRITING | {"chdir", "execve", "open", "openat"}))


def _lines(text):
    """Without comments; an include is one although it looks like a comment."""
    for line in map(str.strip, text.splitlines()):
        if INCLUDE.match(line) or not line.startswith("#"):
            yield line if INCLUDE.match(line) else re.sub(r"\s+#.*$", "", line)


def _included(name):
    path = LIBRARY / name
    files = sorted(path.iterdir()) if path.is_dir() else [path] if path.is_file() else []
    for file in files:
        yield from _lines(file.read_text())


def _variables(name="tunables/global"):
    """{name: values}"""
    found = {}
    for line in _included(name):
        if include := INCLUDE.match(line):
            for key, values in _variables(include.group(1)).items():
                found.setdefault(key, []).extend(values)
        elif match := re.match(r"@\{(\w+)\}\s*\+?=\s*(.*)$", line):
            found.setdefault(match.group(1), []).extend(match.group(2).split())
    return found


def _expression(path, variables):
    while match := re.search(r"@\{(\w+)\}", path):
        values = variables.get(match.group(1), ["<unknown>"])
        path = path.replace(match.group(), values[0] if len(values) == 1 else "{" + ",".join(values) + "}")
    parts, depth = [], 0
    for token in re.findall(r"\*\*|\*|\?|\{|\}|,|\[[^\]]*\]|//+|.", path):
        depth += (token == "{") - (token == "}")
        wild = {"**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")", ",": "|" if depth else ","}
        parts.append(wild.get(token) or (token if token[0] == "[" else re.escape(re.sub("/+", "/", token))))
    # A variable that ends with a slash before another one.
    return re.compile("".join(parts).replace("/)/", "/)/?"))


class Rules:
    """What one profile allows; `fits(path, right)`."""

    def __init__(self):
        self.rules = []

    def read(self, lines, variables):
        for line in lines:
            if include := INCLUDE.match(line):
                self.read(_included(include.group(1)), variables)
            elif match := RULE.match(line):
                if not match.group("deny"):
                    self.rules.append((_expression(match.group("path"), variables), match.group("rights")))

    def fits(self, path, right):
        return any(right in rights and expression.fullmatch(path) for expression, rights in self.rules)


def read_profiles(text):
    """(outer, inner): the file's profile, and the one inside of it."""
    variables = _variables()
    head, rest = re.split(r"^  profile [^{]*\{$", text, maxsplit=1, flags=re.MULTILINE)
    inside, tail = re.split(r"^  \}$", rest, maxsplit=1, flags=re.MULTILINE)
    outer, inner = Rules(), Rules()
    outer.read(_lines(head + tail), variables)
    inner.read(_lines(inside), variables)
    return outer, inner


def resolve(root, path):
    """The path without symbolic links, as a process sees it whose / is `root`."""
    done = "/"
    todo = [part for part in path.split("/") if part not in ("", ".")]
    for _ in range(200):
        if not todo:
            break
        part = todo.pop(0)
        step = os.path.dirname(done) if part == ".." else os.path.join(done, part)
        if os.path.islink(f"{root}{step}") and not step.startswith("/proc/"):
            target = os.readlink(f"{root}{step}")
            done = "/" if target.startswith("/") else done
            todo = [one for one in target.split("/") if one not in ("", ".")] + todo
        else:
            done = step
    return done


def _needed(name, arguments):
    if name == "execve":
        return "x"
    if name in WRITING:
        return "w"
    return {"O_RDONLY": "r", "O_WRONLY": "w", "O_RDWR": "rw"}[re.search(r"O_(RDONLY|WRONLY|RDWR)", arguments).group()]


def _at_first(trace, first, outer, inner):
    if f'"{first}"' in trace or '"unshare"' in trace:
        return None  # this one is not in the container yet
    # A thread of the program executes nothing; what start.sh starts does.
    return outer if "execve(" in trace else inner


def refusals(traces, profile, root, first, program):
    """Sentences about what the profile would refuse. `traces` are the texts of `strace -ff -y`, one a thread; `first`
    is the container's command, with which the outer profile begins, and `program` what the inner one is for."""
    outer, inner = read_profiles(profile)
    seen = set()
    for trace in traces:
        rules = _at_first(trace, first, outer, inner)
        for name, arguments, path in _calls(trace, root):
            if name == "execve" and path == first:
                rules = outer
            elif rules is not None:
                missing = [right for right in _needed(name, arguments) if not rules.fits(path, right)]
                if missing:
                    seen.add(f"{'program' if rules is inner else 'start'}: {''.join(missing)} {path} ({name})")
            if name == "execve" and path == program:
                rules = inner
    return sorted(seen)


def _calls(trace, root):
    """(name, arguments, resolved path) of each path of each call; a folder's ends with a slash, as AppArmor sees it."""
    here = "/"
    for match in CALL.finditer(trace):
        name, arguments = match.group("name"), match.group("arguments")
        places = PATH.finditer(arguments) if name.startswith("rename") else [PATH.match(arguments)]
        for place in filter(None, places):
            folder = (place.group("folder") or "").removeprefix(str(root))
            path = resolve(root, os.path.join(here, folder, place.group("path")))
            if name == "chdir":
                here = path
            else:
                is_folder = "O_DIRECTORY" in arguments or os.path.isdir(f"{root}{path}")
                yield name, arguments, re.sub("^/proc/self/", "/proc/1/", path) + "/" * is_folder
