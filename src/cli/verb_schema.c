/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/string_list.h"
#include "cli/arguments.h"
#include "cli/verb.h"
#include "manifest/json_schema.h"

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	const struct string_list *rest = arguments_rest(invocation->args);

	if (!json_schema_write(rest->count > 0 ? rest->items[0] : "manifest", &text, err))
		return 2;
	(void)fputs(strbuf_text(&text), stdout);
	return 0;
}

const struct verb verb_schema = {
	.name = "schema",
	.group = VERB_MANIFEST,
	.summary = "print a JSON Schema for editors",
	.description =
		"Prints the JSON Schema of i2kit.yml (manifest, the default), of environment.yml "
		"(environment) or of what i2kit does with Compose files (compose), made from the "
		"tables that manifests are read by. Editors complete "
		"names and show what each field does with it; validate still knows more.\n\n"
		"With the YAML language server, the first line of a file names it: "
		"# yaml-language-server: $schema=i2kit.schema.json",
	.argument = {"manifest|environment|compose", 0, 1, COMPLETE_NONE},
	.example = "i2kit schema > i2kit.schema.json\n"
		   "i2kit schema environment > environment.schema.json",
	.run = run,
};
