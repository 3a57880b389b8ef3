#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: check_source.py [TREE]

Reads the C sources of TREE (default: this one) for what the compiler does not see: folders that
include upward, libraries met outside their place, banned calls, missing licences, overlong files.
Prints file:line: message; the status is 1 when there was one."""

import os
import re
import sys

# Lower ones never include higher ones. guest stands beside: base and wire only.
RANKS = {"base": 0, "wire": 1, "manifest": 2, "release": 3, "image": 3, "local": 4, "cloud": 4,
         "tui": 5, "cli": 6}
BESIDE = {("local", "cloud"), ("cloud", "local"), ("release", "image")}
GUEST_SEES = {"guest", "base", "wire"}
# Rooms of a folder, lower ones first: a file may include its own room and those before it.
ROOMS = {
    "image": ["store", "unpack", "policy", "oci", "layer", "disk", "linuxkit", "pod", "sbom", "build"],
    "local": ["agent", "plan", "logs", "ports", "vm", "template", "supervisor", "client", "watch"],
    "guest": ["documents", "kubelet", "channel", "machine", "pod", "cloud", "copy"],
    "cloud/aws": ["client", "disk", "stack", "rehearsal", "provider"],
    "cloud/openstack": ["client", "image", "place", "volume", "server", "service", "release", "provider"],
}

# header pattern → files (under src/) that may include it
PLACES = [
    (r"^expat\.h$", {"base/xml.c"}),
    (r"^curl/", {"base/http_transfer.c", "base/http_transfer.h", "base/url.c"}),
    (r"^openssl/", {"base/"}),
    (r"^yaml\.h$", {"manifest/yaml_reader.c", "manifest/yaml_text.c", "manifest/yaml_scalar.c"}),
    (r"^archive", {"image/", "guest/copy/"}),
    (r"^sqfs/", {"image/"}),
    (r"^sqlite3\.h$", {"image/sbom/package_rpm.c"}),
    (r"^isa-l", {"image/layer/checksum.c", "image/unpack/gunzip.c"}),
    (r"^libvirt/", {"local/"}),
    (r"^seccomp\.h$", {"base/fence.c"}),
    (r"^sys/acl\.h$", {"local/vm/qemu_access.c"}),
    (r"^(n?curses|ncursesw/.*)\.h$", {"tui/screen.c", "tui/curses_keys.c", "tui/terminfo.c"}),
    (r"^mbedtls/", {"guest/"}),
    (r"^jansson\.h$", {"base/json.c", "base/json_writer.c"}),
]

BANNED = {
    "sprintf": "strbuf_appendf() or snprintf()", "vsprintf": "strbuf", "strcpy": "xstrdup() or memcpy()",
    "strcat": "strbuf_append()", "strncat": "strbuf_append()", "strtok": "string_list_split()",
    "atoi": "base/parse.h", "atol": "base/parse.h", "atoll": "base/parse.h", "atof": "base/parse.h",
    "strtol": "base/parse.h", "strtoul": "base/parse.h", "strtoll": "base/parse.h",
    "strtoull": "base/parse.h", "strtod": "base/parse.h", "sscanf": "base/parse.h",
    "gets": "fgets()", "system": "base/process.h", "popen": "base/process.h",
    "fork": "base/process.h", "vfork": "base/process.h", "tmpnam": "mkostemp()", "mktemp": "mkostemp()",
    "alloca": "the heap", "usleep": "base/loop.h", "sleep": "base/loop.h",
}
ALLOWED = {
    ("base/parse.c", "strtoull"), ("base/parse.c", "strtoll"), ("base/parse.c", "strtod"),
    ("base/process.c", "fork"), ("base/process.c", "vfork"), ("base/process_child.c", "fork"),
}
MAX_LINES = 800  # think again at 500; the gate stops at this

# What a header offers and nothing in src/ calls is dead, but for these, which tests need to get in.
TESTS_ONLY = {
    "agent_get_counters", "agent_get_state", "agent_new_fd", "app_load_text", "balancer_port_serve",
    "canvas_dump", "events_free", "exec_client_resume", "gunzip_is_gzip", "http_client_run", "json_view_equals",
    "kubelet_free", "log_ring_free", "log_store_get_counters", "sigv4_canonical_request", "uncompress_out_bytes",
    "wire_decoder_skipped", "yaml_writer_clear",
}

CALL = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
# A function that begins a line: its declaration or its definition.
OFFERED = re.compile(r"^(?!static|typedef|return)(?:MUST_CHECK\s+)?(?:(?:const|struct|enum|unsigned)\s+)*"
                     r"\w+[\s*]+\(?(\w+)\)?\(", re.M)
# A field of a manifest that is read into a struct of app.h: its name and the member.
FIELD = re.compile(r'\{"(\w+)",\s*FIELD_USED,\s*\w+,\s*(?:offsetof\(struct (\w+),|AT\()\s*([\w.]+)\)')
AT = re.compile(r"#define AT\(\w+\).*offsetof\(struct (\w+)")
# Members that have done their work when the manifest is read.
READ_INSIDE = {
    "defaults": "merged into each container's",
    "secret_type": "says which keys a Secret must have",
}
# What a pod's document says to people and to convert, and the guest has no use for.
UNREAD = {"protocol", "image_digest", "is_stdin_once", "ports", "port_count", "digest", "diff_id", "base_digest"}
# Folders that are a part of another one's room: called by its loader, built on its YAML.
ONE_ROOM = {"manifest/kustomize": "manifest", "manifest/compose": "manifest"}
# Where a public function may be declared but in X.h of its own X.c. There are three exceptions:
# X_parts.h has what X.c and its X_*.c share, and only their folder includes it; without_X.c, which a
# build has in place of X.c, has X's header; a document's X_read.c and X_write.c have X.h, so that
# both ends of a format are seen in one place.
PARTS = "_parts"
DOCUMENT_ENDS = ("_read", "_write")
FIELD_READER = re.compile(r"^field_fn (\w+);", re.M)
# A type that a header makes.
TAG = re.compile(r"^((?:struct|enum) \w+) \{", re.M)
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]')
STRIP = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.S)


def blank(match):
    """Comments and texts vanish; their line breaks stay, so that line numbers do."""
    return "\n" * match.group(0).count("\n")


def room_of(name):
    folder = os.path.dirname(name)
    return ONE_ROOM.get(folder, folder)


def circles(graph):
    """One way around each place where following the graph comes back: [a, b, a]."""
    done, found = set(), []

    def follow(node, way):
        if node in way:
            found.append(way[way.index(node):] + [node])
        elif node not in done:
            for other in sorted(graph.get(node, ())):
                follow(other, way + [node])
            done.add(node)

    for node in sorted(graph):
        follow(node, [])
    return found


class Checker:
    def __init__(self, tree):
        self.src = os.path.join(tree, "src")
        self.tree = tree
        self.count = 0
        self.code = {}  # path → its text without comments and strings

    def say(self, path, line, text):
        print(f"{os.path.relpath(path, self.tree)}:{line}: {text}")
        self.count += 1

    def check_include(self, path, folder, name, line, header):
        top = header.split("/")[0]
        inside = os.path.exists(os.path.join(self.src, header))
        if inside and folder == "guest" and top not in GUEST_SEES:
            self.say(path, line, f"the guest sees base/ and wire/ only, not {header}")
        elif inside and folder != "guest" and top != folder:
            if top == "guest":
                self.say(path, line, f"nobody includes the guest's {header}")
            elif RANKS.get(top, 9) > RANKS.get(folder, -1) or (folder, top) in BESIDE:
                self.say(path, line, f"{folder}/ may not include {header}: its rank is not lower")
        self.check_room(path, name, line, header)
        for pattern, places in PLACES:
            if re.search(pattern, header) and not any(
                    name == place or (place.endswith("/") and name.startswith(place)) for place in places):
                self.say(path, line, f"<{header}> is met in {', '.join(sorted(places))} only")

    def check_room(self, path, name, line, header):
        for folder, rooms in ROOMS.items():
            if not (name.startswith(folder + "/") and header.startswith(folder + "/")):
                continue
            own, other = (text[len(folder) + 1:].split("/")[0] for text in (name, header))
            if own not in rooms:
                self.say(path, line, f"{name} lies in no room of {folder}/")
            elif other in rooms and rooms.index(other) > rooms.index(own):
                self.say(path, line, f"{folder}/{own}/ may not include {header}: its rank is not lower")

    def check_calls(self, path, folder, name, text):
        code = STRIP.sub(blank, text)
        self.code[path] = code
        for number, line in enumerate(code.split("\n"), 1):
            for match in CALL.finditer(line):
                call = match.group(1)
                if (name, call) in ALLOWED or (folder == "guest" and call in ("fork", "vfork")):
                    continue
                self.say(path, number, f"{call}() is banned; use {BANNED[call]}")

    def check_file(self, path):
        name = os.path.relpath(path, self.src)
        folder = name.split("/")[0]
        with open(path, encoding="utf-8") as file:
            text = file.read()
        lines = text.split("\n")
        if "SPDX-License-Identifier: Apache-2.0" not in lines[0]:
            self.say(path, 1, "the first line is not the SPDX licence")
        if len(lines) > MAX_LINES:
            self.say(path, MAX_LINES, f"{len(lines)} lines; split it (500 is long)")
        for number, line in enumerate(lines, 1):
            match = INCLUDE.match(line)
            if match:
                self.check_include(path, folder, name, number, match.group(1))
        self.check_calls(path, folder, name, text)

    def check_callers(self):
        """Functions that a header declares and whose name stands nowhere but where they are made."""
        declared, made, named = {}, {}, {}
        for path, code in self.code.items():
            for match in OFFERED.finditer(code):
                made[match.group(1)] = made.get(match.group(1), 0) + 1
                if path.endswith(".h"):
                    declared.setdefault(match.group(1), (path, code.count("\n", 0, match.start()) + 1))
            for word in re.findall(r"\w+", code):
                named[word] = named.get(word, 0) + 1
        for name, (path, line) in sorted(declared.items()):
            if named[name] <= made[name] and name not in TESTS_ONLY:
                self.say(path, line, f"{name}() has no caller")

    def header_of(self, name, header):
        """Whether that is where people look for what the file `name` offers."""
        stem, place = name[:-2], header[:-2]
        folder, base = os.path.split(stem)
        if place.endswith(PARTS) and os.path.dirname(place) == folder:
            family = os.path.basename(place)[:-len(PARTS)]
            return base == family or base.startswith(family + "_")
        if base.startswith("without_"):
            stem = os.path.join(folder, base[len("without_"):])
        return place == stem or any(place + end == stem for end in DOCUMENT_ENDS)

    def check_headers(self):
        """A public function is declared in the header of its own file's name."""
        files = {os.path.relpath(path, self.src): code for path, code in self.code.items()}
        declared = {}
        for name, code in files.items():
            for match in OFFERED.finditer(code) if name.endswith(".h") else ():
                declared.setdefault(match.group(1), set()).add(name)
            for match in FIELD_READER.finditer(code) if name.endswith(".h") else ():
                declared.setdefault(match.group(1), set()).add(name)
        for name, code in sorted(files.items()):
            for match in OFFERED.finditer(code) if name.endswith(".c") else ():
                where = declared.get(match.group(1), ())
                if where and not any(self.header_of(name, header) for header in where):
                    self.say(os.path.join(self.src, name), code.count("\n", 0, match.start()) + 1,
                             f"{match.group(1)}() is declared in {min(where)}, not in {name[:-2]}.h")
        for name, code in sorted(files.items()):
            self.check_parts(name)

    def check_parts(self, name):
        """The insides of X, X_parts.h, are for files of X's own folder."""
        with open(os.path.join(self.src, name), encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                match = INCLUDE.match(line)
                header = match.group(1) if match else ""
                if header.endswith(PARTS + ".h") and os.path.dirname(header) != os.path.dirname(name):
                    self.say(os.path.join(self.src, name), number, f"{header} is for its own folder")

    def check_fields(self):
        """Fields that explain and docs call used, and whose value nobody but manifest/ looks at."""
        inside = {path: code for path, code in self.code.items() if "/manifest/" in path}
        outside = "\n".join(code for path, code in self.code.items() if path not in inside)
        app = self.code.get(os.path.join(self.src, "manifest/app.h"), "")
        for path in sorted(inside):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            for match in FIELD.finditer(text):
                name, struct, member = match.groups()
                struct = struct or AT.findall(text[:match.start()])[-1]
                member = member.split(".")[-1]
                if f"struct {struct} {{" in app and member not in READ_INSIDE and not re.search(
                        rf"(->|\.){member}\b", outside):
                    self.say(path, text.count("\n", 0, match.start()) + 1,
                             f"{name} is FIELD_USED, but nothing outside manifest/ reads {member}")

    def check_documents(self):
        """What stands in a pod's document, and the guest never looks at."""
        path = os.path.join(self.src, "wire/pod_document.h")
        guest = "\n".join(code for name, code in self.code.items() if "/guest/" in name)
        for match in re.finditer(r"(\w+)(?:\[[^]]*\])?;", self.code.get(path, "")):
            member = match.group(1)
            if member not in UNREAD and not re.search(rf"(->|\.){member}\b", guest):
                self.say(path, self.code[path].count("\n", 0, match.start()) + 1, f"the guest never reads {member}")

    def check_names(self):
        """A struct or enum that two headers make is two things of one name."""
        made = {}
        for path, code in sorted(self.code.items()):
            for match in TAG.finditer(code) if path.endswith(".h") else ():
                first = made.setdefault(match.group(1), path)
                if first != path:
                    self.say(path, code.count("\n", 0, match.start()) + 1,
                             f"{match.group(1)} is also in {os.path.relpath(first, self.tree)}")

    def check_circles(self):
        """Headers, and rooms, that include one another: read from the bottom, there is no bottom."""
        files = {os.path.relpath(path, self.src): path for path in self.code}
        wanted = {}
        for name, path in files.items():
            with open(path, encoding="utf-8") as file:
                wanted[name] = [m.group(1) for m in map(INCLUDE.match, file) if m and m.group(1) in files]
        headers = {name: other for name, other in wanted.items() if name.endswith(".h")}
        rooms = {}
        for name, others in wanted.items():
            room = room_of(name)
            rooms.setdefault(room, set()).update(room_of(other) for other in others)
            rooms[room].discard(room)
        for graph in (headers, rooms):
            for circle in circles(graph):
                self.say(os.path.join(self.src, circle[0]), 1, f"a circle: {' → '.join(circle)}")

    def run(self):
        for folder, _, files in sorted(os.walk(self.src)):
            for file in sorted(files):
                if file.endswith((".c", ".h")):
                    self.check_file(os.path.join(folder, file))
        self.check_callers()
        self.check_headers()
        self.check_fields()
        self.check_documents()
        self.check_names()
        self.check_circles()
        return 1 if self.count else 0


if __name__ == "__main__":
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    sys.exit(Checker(os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else here).run())
