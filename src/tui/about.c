/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/about.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "image/disk/toc.h"
#include "local/plan/project_plan_json.h"

void pod_facts_clear(struct pod_facts *facts)
{
	project_plan_clear(&facts->plan);
	release_clear(&facts->release);
	pod_image_clear(&facts->image);
	*facts = (struct pod_facts){0};
}

bool pod_facts_make(struct project_plan *plan, const char *pod, const char *pod_json,
		    struct pod_facts *ret, struct error *err)
{
	AUTO(pod_facts_clear) struct pod_facts facts = {.plan = *plan};

	*plan = (struct project_plan){0};
	facts.pod = project_plan_find(&facts.plan, pod);
	if (facts.pod == NULL)
		return error_set(err, ERROR_NOT_FOUND, "the plan has no pod '%s' any more", pod);
	if (!release_config_read(facts.pod->config_json, strlen(facts.pod->config_json),
				 &facts.release, err))
		return error_prefix(err, "configuration of '%s'", pod);
	if (!pod_document_read(pod_json, strlen(pod_json), "pod.json", &facts.image, err))
		return false;
	*ret = facts;
	facts = (struct pod_facts){0};
	return true;
}

static bool read_toc(const char *path, struct toc *ret, struct error *err)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return error_set_errno(err, errno, "cannot read '%s'", path);
	return toc_read_disk(fd, &text, &size, err) &&
	       toc_parse(text, size, (uint64_t)st.st_size, ret, err);
}

bool pod_facts_load(const char *project, const char *pod, struct pod_facts *ret, struct error *err)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(toc_clear) struct toc toc = {0};

	if (!project_plan_load(project, &plan, err))
		return false;
	const struct pod_plan *found = project_plan_find(&plan, pod);
	if (found == NULL)
		return error_set(err, ERROR_NOT_FOUND, "the plan has no pod '%s' any more", pod);
	return read_toc(found->image_path, &toc, err) &&
	       pod_facts_make(&plan, pod, toc.pod_json, ret, err);
}
