/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/json_writer.h"
#include "cli/arguments.h"
#include "cli/output_document.h"
#include "cli/verb.h"
#include "manifest/explain.h"

static const struct option_spec options[] = {
	{"table", 0, OPTION_FLAG, NULL, "all fields, as the table of the manual", COMPLETE_NONE},
};

/* The lines people read, as a list. */
static void print_json(const char *field, const char *text)
{
	AUTO(string_list_clear) struct string_list lines = STRING_LIST_INIT;
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);

	string_list_split(&lines, text, '\n');
	json_open_object(&json, NULL);
	json_write_text(&json, "field", field);
	json_open_list(&json, "lines");
	for (size_t i = 0; i < lines.count; i++) {
		if (i + 1 < lines.count || lines.items[i][0] != '\0')
			json_write_text(&json, NULL, lines.items[i]);
	}
	json_close(&json);
	json_close(&json);
	output_document(strbuf_text(&out));
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	const struct string_list *rest = arguments_rest(invocation->args);

	if (arguments_flag(invocation->args, "table"))
		explain_table(&text);
	else if (!explain_path(rest->count > 0 ? rest->items[0] : "", &text, err))
		return 1;
	if (invocation->output == OUTPUT_JSON)
		print_json(rest->count > 0 ? rest->items[0] : NULL, strbuf_text(&text));
	else
		(void)fputs(strbuf_text(&text), stdout);
	return 0;
}

const struct verb verb_explain = {
	.name = "explain",
	.group = VERB_MANIFEST,
	.summary = "say what a field of a manifest does here",
	.description =
		"Explains a field by its path (deployment.spec.template.spec.containers.image, "
		"containers.livenessProbe, i2kit.ports, environment.provider), a kind (kubectl's "
		"plurals and short names, too: svc, pods), or a lone "
		"field name: whether i2kit uses it, what it takes, and what it does on this "
		"machine and in the cloud. Without an argument, the kinds are listed.\n\n"
		"The answers come from the tables that manifests are read by, so they are what "
		"happens.",
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.argument = {"FIELD", 0, 1, COMPLETE_NONE},
	.has_output = true,
	.example = "i2kit explain containers.readinessProbe\ni2kit explain Ingress",
	.run = run,
};
