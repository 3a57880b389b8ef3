/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/string_list.h"
#include "cli/arguments.h"
#include "cli/verb.h"

/* Lines of `i2kit complete` are WORD, or WORD<TAB>DESCRIPTION; ":files" and ":folders" ask for
 * these.
 */

static const char bash_script[] =
	"# bash completion of i2kit:  source <(i2kit completion bash)\n"
	"_i2kit()\n"
	"{\n"
	"\tlocal cur words cword line\n"
	"\tif declare -F _get_comp_words_by_ref >/dev/null; then\n"
	"\t\t_get_comp_words_by_ref -n =: cur words cword\n"
	"\telse\n"
	"\t\tcur=${COMP_WORDS[COMP_CWORD]} words=(\"${COMP_WORDS[@]}\") cword=$COMP_CWORD\n"
	"\tfi\n"
	"\tCOMPREPLY=()\n"
	"\twhile IFS= read -r line; do\n"
	"\t\tcase $line in\n"
	"\t\t:files) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;\n"
	"\t\t:folders) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$cur\") ;;\n"
	"\t\t*) COMPREPLY+=(\"${line%%$'\\t'*}\") ;;\n"
	"\t\tesac\n"
	"\tdone < <(\"${words[0]}\" complete -- \"${words[@]:1:cword}\" 2>/dev/null)\n"
	"\tdeclare -F __ltrim_colon_completions >/dev/null && __ltrim_colon_completions \"$cur\"\n"
	"\treturn 0\n"
	"}\n"
	"complete -F _i2kit i2kit\n";

static const char zsh_script[] =
	"#compdef i2kit\n"
	"# zsh completion of i2kit:  i2kit completion zsh >~/.zfunc/_i2kit\n"
	"_i2kit()\n"
	"{\n"
	"\tlocal line\n"
	"\tlocal -a described plain\n"
	"\twhile IFS= read -r line; do\n"
	"\t\tcase $line in\n"
	"\t\t:files) _files ;;\n"
	"\t\t:folders) _files -/ ;;\n"
	"\t\t*$'\\t'*) described+=(\"${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}\") ;;\n"
	"\t\t*) plain+=(\"$line\") ;;\n"
	"\t\tesac\n"
	"\tdone < <(\"${words[1]}\" complete -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)\n"
	"\t(( $#described )) && _describe i2kit described\n"
	"\t(( $#plain )) && compadd -a plain\n"
	"\treturn 0\n"
	"}\n"
	"if [ \"$funcstack[1]\" = _i2kit ]; then _i2kit \"$@\"; else compdef _i2kit i2kit; fi\n";

static const char fish_script[] =
	"# fish completion of i2kit:  i2kit completion fish "
	">~/.config/fish/completions/i2kit.fish\n"
	"function __i2kit_complete\n"
	"\tset -l words (commandline -opc) (commandline -ct)\n"
	"\tfor line in ($words[1] complete -- $words[2..-1] 2>/dev/null)\n"
	"\t\tswitch $line\n"
	"\t\tcase ':files' ':folders'\n"
	"\t\t\t__fish_complete_path (commandline -ct)\n"
	"\t\tcase '*'\n"
	"\t\t\techo $line\n"
	"\t\tend\n"
	"\tend\n"
	"end\n"
	"complete -c i2kit -f -a '(__i2kit_complete)'\n";

static int run(const struct invocation *invocation, struct error *err)
{
	static const struct {
		const char *shell;
		const char *script;
	} scripts[] = {{"bash", bash_script}, {"fish", fish_script}, {"zsh", zsh_script}};
	const char *shell = arguments_rest(invocation->args)->items[0];

	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		if (strcmp(scripts[i].shell, shell) == 0) {
			(void)fputs(scripts[i].script, stdout);
			return 0;
		}
	}
	error_set(err, ERROR_USAGE, "no completion for '%s'", shell);
	error_hint(err, "i2kit completion bash, zsh or fish");
	return 2;
}

const struct verb verb_completion = {
	.name = "completion",
	.group = VERB_SYSTEM,
	.summary = "print the completion script of a shell",
	.description =
		"Prints a script for bash, zsh or fish. It asks i2kit itself what fits, so it "
		"knows verbs, options, pods of the manifests here, images and projects.",
	.argument = {.metavar = "bash|zsh|fish", .min = 1, .max = 1},
	.example = "  source <(i2kit completion bash)\n"
		   "  i2kit completion zsh >~/.zfunc/_i2kit\n"
		   "  i2kit completion fish >~/.config/fish/completions/i2kit.fish\n",
	.run = run,
};
