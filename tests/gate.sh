#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Plants one fault for each check of scripts/gate into a copy of the tree and expects it to be found.
# usage: tests/gate.sh [all]   (without "all" the checks that compile everything are left out)
set -u
top=$(dirname "$(dirname "$(readlink -f "$0")")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# plant CHECK WHAT FILE TEXT…: appends the text (or makes the file), runs the check, wants it to fail
plant() {
	local check=$1 what=$2 file=$3 tree=$work/tree
	rm -rf "$tree"
	mkdir "$tree"
	(cd "$top" && git ls-files -z | xargs -0 cp --parents -t "$tree" 2>/dev/null)
	printf '%s\n' "$4" >>"$tree/$file"
	if I2KIT_GATE_TREE=$tree I2KIT_GATE_OUT=$work/out I2KIT_BUILD=${5:-$top/build} "$top/scripts/gate" "$check" \
		>"$work/log" 2>&1; then
		echo "NOT FOUND  $check: $what"
		failed=$((failed + 1))
	else
		echo "found      $check: $what"
	fi
	rm -rf "$work/out"
}

plant format "an indent of spaces" src/base/clock.c '    int planted ( void ) ;'
plant source "a banned call" src/base/clock.c 'int planted(const char *t); int planted(const char *t) { return atoi(t); }'
plant source "an upward include" src/base/clock.c '#include "local/plan/state.h"'
plant source "cloud knows local" src/cloud/provider.h '#include "local/plan/state.h"'
plant source "two things of one name" src/base/clock.h 'struct pod_spec { int other; };'
plant source "headers in a circle" src/base/strbuf.h '#include "base/json_writer.h"'
plant source "a lower room includes a higher one" src/image/store/store.h '#include "image/pod/image_build.h"'
plant source "a function declared in another file's header" src/base/parse.c 'int64_t clock_wall_ns(void) { return 0; }'
plant source "the insides of another folder" src/cli/base_note.c '#include "local/agent/agent_parts.h"'
plant source "curses outside its place" src/tui/draw.c '#include <ncurses.h>'
plant source "jansson outside its place" src/manifest/app.h '#include <jansson.h>'
plant source "a function without a caller" src/base/clock.h 'int planted_for_nobody(void);'
plant source "a used field that nobody reads" src/manifest/security.c 'static const struct field planted[] = {{"planted", FIELD_USED, read_text, offsetof(struct pod_spec, source_mark), NULL, NULL}};'
plant source "a document member that the guest never reads" src/wire/pod_document.h "struct planted { int nobody_reads_this; };"
plant source "no licence" src/base/planted.c 'int planted;'
plant shell "an unquoted glob in a loop" scripts/setup 'for f in $(ls *); do rm $f; done; cd nowhere; echo $1 > $undefined_'
mkdir -p "$work/bin"
printf '#!/bin/sh\necho "  up  x"\nprintf "%%090d\\n" 0\n' >"$work/bin/i2kit"
chmod +x "$work/bin/i2kit"
plant help "a line of 90 columns" CHANGELOG.md '' "$work/bin"
if [ "${1:-}" = all ]; then
	plant compilers "an unused variable" src/base/clock.c 'int planted(void); int planted(void) { int unused; return 0; }'
	plant tidy "a null dereference" src/base/clock.c 'int planted(void);
int planted(void)
{
	int *nothing = 0;
	return *nothing;
}'
	plant sanitizers "a write past the end" tests/base/error_test.c '__attribute__((constructor)) static void planted(void)
{
	volatile int size = 4;
	char *bytes = __builtin_malloc((unsigned long)size);
	bytes[size] = 1;
	__builtin_free(bytes);
}'
fi
[ $failed -eq 0 ]
