/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/problem_path.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "manifest/field_path.h"
#include "manifest/problem.h"
#include "manifest/yaml_reader.h"

/* What is wrong with it was said. */
static void read_again(const char *file, const char *stdin_text, size_t stdin_size,
		       struct yaml_documents *documents)
{
	AUTO(problem_list_clear) struct problem_list ignored = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *text = NULL;
	size_t size = 0;

	if (strcmp(file, "-") == 0 && stdin_text != NULL)
		yaml_read_all(file, stdin_text, stdin_size, documents, &ignored);
	else if (strcmp(file, "-") != 0 && file_read(file, YAML_MAX_BYTES, &text, &size, &err))
		yaml_read_all(file, text, size, documents, &ignored);
}

void problem_paths_find(struct problem_list *problems, const char *stdin_text, size_t stdin_size)
{
	AUTO(yaml_documents_clear) struct yaml_documents documents = {0};
	const char *file = NULL;

	for (size_t i = 0; i < problems->count; i++) {
		struct problem *problem = &problems->items[i];
		if (problem->path != NULL || problem->line == 0)
			continue;
		if (file == NULL || strcmp(file, problem->file) != 0) {
			yaml_documents_clear(&documents);
			file = problem->file;
			read_again(file, stdin_text, stdin_size, &documents);
		}
		for (size_t k = 0; k < documents.count && problem->path == NULL; k++)
			problem->path =
				field_path_at(documents.roots[k], problem->line, problem->column);
	}
}
