/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/rehearsal/rehearsal_aws.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "cloud/aws/rehearsal/rehearsal_parts.h"
#include "cloud/aws/stack/logical_id.h"
#include "cloud/aws/stack/stack_disk.h"
#include "cloud/aws/stack/stack_names.h"
#include "cloud/aws/stack/stack_network.h"
#include "cloud/aws/stack/stack_plan.h"
#include "cloud/claims.h"

#define ENDPOINT       "http://169.254.169.254"
#define REGION	       "eu-west-1"
#define TOKEN_BYTES    30
#define CREDENTIALS_S  (6 * 3600)
#define MAX_REFUSALS   50
#define DEFAULT_VOLUME ((uint64_t)1 << 30)
#define META	       "/latest/meta-data/"
#define ROLE	       META "iam/security-credentials/"

static void rehearsal_close(struct cloud_rehearsal *rehearsal)
{
	if (rehearsal == NULL)
		return;
	for (size_t i = 0; i < rehearsal->facts.volume_count; i++) {
		free(rehearsal->facts.volumes[i].claim);
		free(rehearsal->facts.volumes[i].serial);
	}
	free(rehearsal->facts.volumes);
	string_list_clear(&rehearsal->facts.refusals);
	string_list_clear(&rehearsal->facts.names);
	string_list_clear(&rehearsal->streams);
	string_list_clear(&rehearsal->names);
	name_record_list_clear(&rehearsal->records);
	user_data_clear(&rehearsal->data);
	free(rehearsal->document);
	free(rehearsal->stack);
	free(rehearsal->group);
	free(rehearsal->log_group);
	free(rehearsal->region);
	free(rehearsal->metadata_token);
	free(rehearsal->secret);
	free(rehearsal->session_token);
	free(rehearsal);
}

DEFINE_AUTO_PTR(cloud_rehearsal, rehearsal_close)

static const struct cloud_rehearsal_facts *rehearsal_facts(const struct cloud_rehearsal *rehearsal)
{
	return &rehearsal->facts;
}

/* --- what the guest is given ---------------------------------------------------------------- */

static uint64_t claim_size(const struct cloud_rehearsal_input *input, const char *name)
{
	AUTO(cloud_claim_list_clear) struct cloud_claim_list claims = {0};
	cloud_claims_of_pod(input->app, input->pod, &claims);
	for (size_t i = 0; i < claims.count; i++)
		if (strcmp(claims.items[i].name, name) == 0)
			return claims.items[i].size_bytes;
	return DEFAULT_VOLUME;
}

/* The serial of the disk that stands for a claim. */
static const char *find_volume(struct cloud_rehearsal *rehearsal,
			       const struct cloud_rehearsal_input *input, const char *claim)
{
	struct cloud_rehearsal_facts *facts = &rehearsal->facts;
	for (size_t i = 0; i < facts->volume_count; i++)
		if (facts->volumes[i].claim != NULL && strcmp(facts->volumes[i].claim, claim) == 0)
			return facts->volumes[i].serial;
	struct cloud_rehearsal_volume *volume = ARRAY_APPEND(facts->volumes, facts->volume_count);
	volume->claim = xstrdup(claim);
	volume->serial = xasprintf("vol%017zx", facts->volume_count);
	volume->size_bytes = claim_size(input, claim);
	return volume->serial;
}

/* User data with the zone's and volumes' ids where the stack would put them. Owned. */
static char *fill_marks(struct cloud_rehearsal *rehearsal,
			const struct cloud_rehearsal_input *input, const char *text)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	for (;;) {
		const char *mark = strstr(text, STACK_VOLUME_START);
		if (mark == NULL)
			break;
		const char *name = mark + strlen(STACK_VOLUME_START);
		size_t size = strcspn(name, STACK_VOLUME_END);
		AUTO_FREE char *claim = xstrndup(name, size);
		strbuf_append_bytes(&out, text, (size_t)(mark - text));
		strbuf_appendf(&out, "vol-%s", find_volume(rehearsal, input, claim) + 3);
		text = name + size + strlen(STACK_VOLUME_END);
	}
	const char *zone = strstr(text, STACK_ZONE_MARK);
	if (zone != NULL) {
		strbuf_append_bytes(&out, text, (size_t)(zone - text));
		strbuf_append(&out, REHEARSAL_ZONE);
		text = zone + strlen(STACK_ZONE_MARK);
	}
	strbuf_append(&out, text);
	return strbuf_take(&out);
}

/* Opens an object as it is, but for two members that the caller writes. */
static void open_all_but(struct json_writer *json, const char *key, struct json_view object,
			 const char *one, const char *other)
{
	json_open_object(json, key);
	for (struct json_view member = json_view_first(object, SIZE_MAX); json_view_exists(member);
	     member = json_view_next(member))
		if (strcmp(member.key, one) != 0 && strcmp(member.key, other) != 0)
			json_write_view(json, member.key, member);
}

/* All that differs from what an instance gets: where it is, and where the services are. */
static bool make_document(struct cloud_rehearsal *rehearsal,
			  const struct cloud_rehearsal_input *input, struct error *err)
{
	AUTO_FREE char *text = fill_marks(rehearsal, input, rehearsal->data.text);
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(text, strlen(text), "the user data", 0, err);
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	struct json_view i2kit = json_view_require(root, "i2kit");
	struct json_view instance = json_view_require(i2kit, "instance");
	struct json_view cloud = json_view_require(instance, "cloud");
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	open_all_but(&json, NULL, root, "i2kit", "");
	open_all_but(&json, "i2kit", i2kit, "instance", "");
	open_all_but(&json, "instance", instance, "where", "cloud");
	json_write_text(&json, "where", "rehearsal");
	open_all_but(&json, "cloud", cloud, "endpoint", "");
	json_write_text(&json, "endpoint", ENDPOINT);
	for (int i = 0; i < 4; i++)
		json_close(&json);
	rehearsal->facts.user_data_bytes = strlen(text);
	rehearsal->document = strbuf_take(&out);
	return json_document_check(document, err);
}

/* EC2 says under which name a volume was attached; QEMU's disks can say it in their serials. */
static void add_scratch(struct cloud_rehearsal *rehearsal, const struct pod_spec *pod)
{
	struct cloud_rehearsal_facts *facts = &rehearsal->facts;
	if (stack_scratch_gib(pod) == 0)
		return;
	struct cloud_rehearsal_volume *volume = ARRAY_APPEND(facts->volumes, facts->volume_count);
	volume->serial = xstrdup(STACK_SCRATCH_DEVICE);
	volume->size_bytes = stack_scratch_gib(pod) << 30;
}

static bool make_secret(char **ret, struct error *err)
{
	uint8_t bytes[TOKEN_BYTES];
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return error_set_errno(err, errno, "random bytes");
	free(*ret);
	*ret = base64_encode(bytes, sizeof(bytes));
	return true;
}

/* The services whose names would lead to instances in a first promote, and the pod's of them. */
static bool find_names(struct cloud_rehearsal *rehearsal, const struct cloud_rehearsal_input *input,
		       struct string_list *ret_services, struct error *err)
{
	if (input->environment == NULL)
		return true;
	AUTO_FREE char *domain = stack_private_domain(input->stack);
	const struct stack_target target = {
		.project = input->app->project,
		.region = rehearsal->region,
		.stack = input->stack,
		.domain_inside = domain,
		.vpc = input->environment->aws.vpc,
		.private_network = input->environment->aws.private_network,
		.names_instances = input->environment->aws.names_instances,
	};
	if (!stack_named_services(input->app, &target, ret_services, err))
		return false;
	stack_pod_names(input->app, ret_services, input->pod, domain, &rehearsal->names);
	return true;
}

static struct cloud_rehearsal *rehearsal_open(const struct cloud_rehearsal_input *input,
					      struct error *err)
{
	AUTO_PTR(cloud_rehearsal)
	struct cloud_rehearsal *rehearsal = xcalloc(1, sizeof(*rehearsal));
	rehearsal->region = xstrdup(input->region != NULL ? input->region : REGION);
	rehearsal->stack = xstrdup(input->stack);
	rehearsal->group = stack_group_id(input->pod->name);
	rehearsal->log_group = xasprintf("/i2kit/%s", input->stack);
	rehearsal->log = input->log;
	rehearsal->log_arg = input->log_arg;
	AUTO(string_list_clear) struct string_list named = STRING_LIST_INIT;
	if (!find_names(rehearsal, input, &named, err))
		return NULL;
	const struct user_data_input data = {
		.app = input->app,
		.pod = input->pod,
		.config_json = input->config_json,
		.id = input->id,
		.stack = input->stack,
		.region = rehearsal->region,
		.named = &named,
	};
	if (!user_data_make(&data, &rehearsal->data, err) ||
	    !make_document(rehearsal, input, err) || !make_secret(&rehearsal->secret, err) ||
	    !make_secret(&rehearsal->session_token, err))
		return NULL;
	add_scratch(rehearsal, input->pod);
	return TAKE_PTR(rehearsal);
}

/* --- answers -------------------------------------------------------------------------------- */

void rehearsal_refuse(struct cloud_rehearsal *rehearsal, struct rehearsal_answer *answer,
		      const char *service, const char *code, const char *fmt, ...)
{
	char message[400];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	AUTO(strbuf_clear) struct strbuf line = STRBUF_INIT;
	strbuf_append_printable(&line, message, strlen(message));
	if (rehearsal->facts.refusals.count < MAX_REFUSALS)
		string_list_addf(&rehearsal->facts.refusals, "%s: %s: %s", service, code,
				 strbuf_text(&line));
	bool is_denied = strstr(code, "Denied") != NULL || strstr(code, "Unauthorized") != NULL ||
			 strstr(code, "Signature") != NULL;
	answer->status = is_denied ? 403 : 400;
	strbuf_reset(&answer->body);
	struct json_writer json = JSON_WRITER(&answer->body, 0);
	json_open_object(&json, NULL);
	json_write_text(&json, "__type", code);
	json_write_text(&json, "message", strbuf_text(&line));
	json_close(&json);
}

static void give_token(struct cloud_rehearsal *rehearsal, const struct guest_call *request,
		       struct rehearsal_answer *answer)
{
	bool is_asked_well =
		strcmp(request->method, "PUT") == 0 &&
		rehearsal_request_header(request, "x-aws-ec2-metadata-token-ttl-seconds") != NULL;
	if (!is_asked_well || !make_secret(&rehearsal->metadata_token, NULL)) {
		answer->status = 400;
		return;
	}
	rehearsal->facts.has_token = true;
	strbuf_append(&answer->body, rehearsal->metadata_token);
}

static void give_credentials(const struct cloud_rehearsal *rehearsal,
			     struct rehearsal_answer *answer)
{
	char expires[RFC3339_SIZE];
	clock_format_rfc3339(expires, clock_wall_ns() + CREDENTIALS_S * INT64_C(1000000000), 0);
	struct json_writer json = JSON_WRITER(&answer->body, 0);
	json_open_object(&json, NULL);
	json_write_text(&json, "Code", "Success");
	json_write_text(&json, "Type", "AWS-HMAC");
	json_write_text(&json, "AccessKeyId", REHEARSAL_KEY_ID);
	json_write_text(&json, "SecretAccessKey", rehearsal->secret);
	json_write_text(&json, "Token", rehearsal->session_token);
	json_write_text(&json, "Expiration", expires);
	json_close(&json);
}

static void give_metadata(struct cloud_rehearsal *rehearsal, const char *path,
			  struct rehearsal_answer *answer)
{
	AUTO_FREE char *zone = xasprintf("%sa", rehearsal->region);
	const char *const fixed[][2] = {
		{META "instance-id", REHEARSAL_INSTANCE},
		{META "instance-type", "t3.micro"},
		{META "placement/region", rehearsal->region},
		{META "placement/availability-zone", zone},
		{META "local-ipv4", REHEARSAL_ADDRESS},
		{ROLE, "pod"},
		{"/latest/user-data", rehearsal->document},
	};
	if (strcmp(path, ROLE "pod") == 0) {
		give_credentials(rehearsal, answer);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++) {
		if (strcmp(path, fixed[i][0]) != 0)
			continue;
		rehearsal->facts.has_user_data =
			rehearsal->facts.has_user_data || fixed[i][1] == rehearsal->document;
		strbuf_append(&answer->body, fixed[i][1]);
		return;
	}
	answer->status = 404;
}

static void answer_metadata(struct cloud_rehearsal *rehearsal, const struct guest_call *request,
			    struct rehearsal_answer *answer)
{
	const char *token = rehearsal_request_header(request, "x-aws-ec2-metadata-token");
	if (strcmp(request->path, "/latest/api/token") == 0)
		give_token(rehearsal, request, answer);
	else if (token == NULL || rehearsal->metadata_token == NULL ||
		 strcmp(token, rehearsal->metadata_token) != 0)
		answer->status = 401;
	else if (strcmp(request->method, "GET") == 0)
		give_metadata(rehearsal, request->path, answer);
	else
		answer->status = 405;
}

static void answer_whole(struct cloud_rehearsal *rehearsal, const struct guest_call *request,
			 struct rehearsal_answer *answer)
{
	AUTO(error_clear) struct error refusal = ERROR_INIT;
	AUTO_FREE char *service = NULL;
	if (strncmp(request->path, "/latest/", 8) == 0)
		answer_metadata(rehearsal, request, answer);
	else if (!rehearsal_check_signature(rehearsal, request, &service, &refusal))
		rehearsal_refuse(rehearsal, answer, "aws", "SignatureDoesNotMatch", "%s",
				 refusal.message);
	else
		rehearsal_call(rehearsal, request, service, answer);
}

static bool answer_bytes(struct cloud_rehearsal *rehearsal, const char *bytes, size_t size,
			 struct strbuf *ret)
{
	AUTO(rehearsal_request_clear) struct guest_call request = {0};
	struct rehearsal_answer answer = {.status = 200, .type = "text/plain"};
	switch (rehearsal_request_parse(bytes, size, &request)) {
	case REQUEST_PARTIAL:
		return false;
	case REQUEST_BAD:
		answer.status = 400;
		break;
	case REQUEST_WHOLE:
		answer_whole(rehearsal, &request, &answer);
		break;
	}
	strbuf_appendf(ret,
		       "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
		       "Connection: close\r\n\r\n%s",
		       answer.status, answer.status == 200 ? "OK" : "Refused", answer.type,
		       answer.body.size, strbuf_text(&answer.body));
	strbuf_clear(&answer.body);
	return true;
}

const struct cloud_rehearsal_table REHEARSAL_AWS = {
	.open = rehearsal_open,
	.close = rehearsal_close,
	.answer = answer_bytes,
	.facts = rehearsal_facts,
};
