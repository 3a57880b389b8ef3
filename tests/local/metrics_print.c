/* SPDX-License-Identifier: Apache-2.0 */
/* For openmetrics.py: the sample's text; with an argument that of a project without pods. */
#include <stdio.h>

#include "base/cleanup.h"
#include "local/plan/metrics.h"
#include "metrics_sample.h"

int main(int argc, char **argv)
{
	struct project_status status = metrics_sample();
	struct project_status empty = {.project = status.project};
	AUTO_FREE char *text = metrics_text(argc > 1 ? &empty : &status);
	(void)argv;
	return fputs(text, stdout) < 0;
}
