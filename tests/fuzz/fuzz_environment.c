/* SPDX-License-Identifier: Apache-2.0 */
/* environment.yml: taken, or refused with problems that have a place. */
#include "fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fuzz_folder.h"
#include "manifest/environment.h"
#include "manifest/problem.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO(environment_clear) struct environment environment = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *path = fuzz_file("environment.yml", bytes, size);
	if (!environment_load(path, &environment, &problems, &err) && err.message == NULL)
		abort();
	return 0;
}
