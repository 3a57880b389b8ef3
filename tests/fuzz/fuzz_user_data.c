/* SPDX-License-Identifier: Apache-2.0 */
/*
 * User data, both ends. 'w': a configuration is put into user data and parameters, and a guest that
 * is given those ends up with the configuration. Else: a guest is given any text, and behind NULs
 * what parameters and secrets hold; what it makes of that, the rest of the guest can read.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "cloud/aws/stack/user_data.h"
#include "guest/cloud/cloud_release.h"
#include "wire/release_document.h"

#define MAX_PIECES 8
#define SHA	   "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* A cloud whose parameters are those that the writer wants, or the pieces of the input in turn. */
struct store {
	struct guest_cloud cloud;
	const char *user_data;
	const struct parameter_list *puts; /* NULL: the pieces */
	const char *pieces[MAX_PIECES];
	size_t piece_count;
	size_t next;
};

static struct store *store_of(struct guest_cloud *cloud)
{
	return (struct store *)cloud;
}

static const char *find(struct store *store, const char *name)
{
	if (store->puts != NULL)
		return parameter_list_find(store->puts, name);
	return store->piece_count > 0 ? store->pieces[store->next++ % store->piece_count] : NULL;
}

static bool give_user_data(struct guest_cloud *cloud, char **ret, struct error *err)
{
	(void)err;
	*ret = xstrdup(store_of(cloud)->user_data);
	return true;
}

static bool give_parameter(struct guest_cloud *cloud, const char *name, char **ret,
			   struct error *err)
{
	*ret = xstrdup_or_null(find(store_of(cloud), name));
	return *ret != NULL || error_set(err, ERROR_NOT_FOUND, "%s", name);
}

static bool give_secret(struct guest_cloud *cloud, const char *reference, uint8_t **ret,
			size_t *ret_size, struct error *err)
{
	const char *text =
		strncmp(reference, "ssm:", 4) == 0 ? find(store_of(cloud), reference + 4) : NULL;
	return (text != NULL && base64_decode(text, strlen(text), ret, ret_size)) ||
	       error_set(err, ERROR_NOT_FOUND, "%s", reference);
}

static bool attach(struct guest_cloud *cloud, const char *volume, const char *device,
		   struct error *err)
{
	(void)cloud;
	(void)err;
	return volume[0] != '\0' || device[0] != '\0' || error_set(err, ERROR_INVALID, "no volume");
}

/* What an instance may do later: that there is a way is all that is looked at here. */
static bool log_lines(struct guest_cloud *cloud, const char *group, const char *stream,
		      const struct cloud_log_line *lines, size_t count, struct error *err)
{
	(void)cloud;
	(void)group;
	(void)stream;
	(void)lines;
	(void)count;
	(void)err;
	return true;
}

static bool signal_stack(struct guest_cloud *cloud, const char *stack, const char *resource,
			 bool is_good, struct error *err)
{
	(void)cloud;
	(void)stack;
	(void)resource;
	(void)is_good;
	(void)err;
	return true;
}

static bool change_names(struct guest_cloud *cloud, const char *zone,
			 const struct name_record_list *list, bool is_there, struct error *err)
{
	(void)cloud;
	(void)zone;
	(void)list;
	(void)is_there;
	(void)err;
	return true;
}

static const struct cloud_backend backend = {.user_data = give_user_data,
					     .parameter = give_parameter,
					     .secret = give_secret,
					     .attach = attach,
					     .log = log_lines,
					     .signal = signal_stack,
					     .change_names = change_names};

/* What the guest makes of it, or NULL. */
static char *run_guest(struct store *store)
{
	AUTO(cloud_release_clear) struct guest_release release = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	static char instance[] = "i-0123456789abcdef0";
	store->cloud = (struct guest_cloud){.backend = &backend, .instance_id = instance};
	bool is_ok = cloud_release_load(&store->cloud, &release, &err);
	free(store->cloud.endpoint);
	if (is_ok == (err.message != NULL))
		abort();
	return is_ok ? TAKE_PTR(release.document) : NULL;
}

static void check_any(char *text, size_t size)
{
	struct store store = {.user_data = text};
	for (size_t i = 0; i < size && store.piece_count < MAX_PIECES; i++)
		if (text[i] == '\0')
			store.pieces[store.piece_count++] = text + i + 1;
	AUTO_FREE char *document = run_guest(&store);
	AUTO(release_clear) struct release release = {0};
	if (document != NULL && !release_document_read(document, strlen(document), &release, NULL))
		abort();
}

static void check_text(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c >= 0x80 || (c[0] == '{' && c[1] == '{'))
			abort();
}

/* What was a reference before is one to somebody else's parameter. */
static bool has_references(const struct release *release)
{
	for (size_t i = 0; i < release->map_count; i++)
		for (size_t e = 0; e < release->maps[i].entry_count; e++)
			if (release->maps[i].entries[e].reference != NULL)
				return true;
	return false;
}

static void check_written(const char *config)
{
	static char name[] = "web";
	static char project[] = "shop";
	static struct pod_spec pod = {.name = name};
	static const struct app app = {.project = project, .pods = &pod, .pod_count = 1};
	struct user_data_input input = {.app = &app,
					.pod = &pod,
					.config_json = config,
					.stack = "shop-prod",
					.region = "eu-west-1"};
	AUTO(user_data_clear) struct user_data data = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	if (!digest_parse(SHA, &input.id.image) || !digest_parse(SHA, &input.id.config))
		abort();
	if (!user_data_make(&input, &data, &err)) {
		if (err.message == NULL)
			abort();
		return;
	}
	check_text(data.text);
	for (size_t i = 0; i < data.puts.count; i++) {
		check_text(data.puts.items[i].value);
		if (strlen(data.puts.items[i].value) > PARAMETER_MAX)
			abort();
	}
	struct store store = {.user_data = data.text, .puts = &data.puts};
	AUTO_FREE char *document = run_guest(&store);
	AUTO(release_clear) struct release before = {0};
	AUTO(release_clear) struct release after = {0};
	if (!release_config_read(config, strlen(config), &before, NULL))
		abort();
	if (document == NULL && has_references(&before))
		return;
	if (document == NULL || strlen(data.text) > USER_DATA_MAX ||
	    !release_document_read(document, strlen(document), &after, NULL))
		abort();
	AUTO_FREE char *sent = release_config_write(&before, JSON_ASCII);
	AUTO_FREE char *came = release_config_write(&after, JSON_ASCII);
	if (strcmp(sent, came) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size == 0)
		return 0;
	AUTO_FREE char *text = xmalloc(size + 1);
	memcpy(text, bytes + 1, size - 1);
	text[size - 1] = '\0';
	text[size] = '\0';
	if (bytes[0] == 'w')
		check_written(text);
	else
		check_any(text, size - 1);
	return 0;
}
