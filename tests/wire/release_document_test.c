/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/release_document.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "random.h"
#include "test.h"

static void random_hosts(struct dice *dice, struct host_list *hosts)
{
	for (uint64_t i = throw_dice(dice, 4); i > 0; i--) {
		struct host_entry *entry = ARRAY_APPEND(hosts->entries, hosts->count);
		entry->ip = throw_bool(dice) ? random_label(dice) : NULL;
		entry->alias = entry->ip == NULL ? random_label(dice) : NULL;
		for (uint64_t n = throw_dice(dice, 3); n > 0; n--)
			string_list_take(&entry->names, random_label(dice));
		for (uint64_t n = throw_dice(dice, 3); n > 0; n--)
			*ARRAY_APPEND(entry->services, entry->service_count) =
				(struct host_service){
					.name = random_label(dice),
					.port = (uint16_t)(1 + throw_dice(dice, 65535)),
					.target = random_label(dice)};
	}
}

static void random_env(struct dice *dice, struct env_rule *env)
{
	env->name = random_label(dice);
	env->kind = (enum env_kind)throw_dice(dice, ENV_KINDS);
	env->value = random_text(dice);
	if (env->kind == ENV_CONFIG_MAP || env->kind == ENV_SECRET) {
		env->key = random_text(dice);
		env->is_optional = throw_bool(dice);
	}
	if (env->kind == ENV_RESOURCE) {
		env->container = random_text_or_null(dice);
		env->divisor = random_text_or_null(dice);
	}
}

static void random_container(struct dice *dice, unsigned number, struct container_config *container)
{
	container->name = xasprintf("c%u", number);
	for (uint64_t i = throw_dice(dice, 4); i > 0; i--)
		random_env(dice, ARRAY_APPEND(container->env, container->env_count));
	for (uint64_t i = throw_dice(dice, 3); i > 0; i--)
		*ARRAY_APPEND(container->sources, container->source_count) =
			(struct env_import){.prefix = random_text_or_null(dice),
					    .map = random_text(dice),
					    .is_secret = throw_bool(dice),
					    .is_optional = throw_bool(dice)};
	for (uint64_t i = throw_dice(dice, 3); i > 0; i--)
		*ARRAY_APPEND(container->mounts, container->mount_count) =
			(struct mount_rule){.volume = random_text(dice),
					    .path = random_text(dice),
					    .sub_path = throw_bool(dice) ? xstrdup("a/b") : NULL,
					    .sub_path_expression = random_text_or_null(dice),
					    .is_read_only = throw_bool(dice)};
}

static void random_items(struct dice *dice, struct volume_rule *volume)
{
	bool is_downward = volume->kind == VOLUME_DOWNWARD;
	for (uint64_t i = throw_dice(dice, 3); i > 0; i--) {
		struct projected_file *item = ARRAY_APPEND(volume->items, volume->item_count);
		bool is_resource = is_downward && throw_bool(dice);
		item->key = is_downward ? NULL : random_text(dice);
		item->field = is_downward && !is_resource ? random_text(dice) : NULL;
		item->resource = is_resource ? random_text(dice) : NULL;
		item->container = is_resource ? random_text_or_null(dice) : NULL;
		item->divisor = is_resource ? random_text_or_null(dice) : NULL;
		item->path = random_label(dice);
		item->mode = throw_bool(dice) ? -1 : (int)throw_dice(dice, 01000);
	}
}

static void random_volume(struct dice *dice, bool is_source, struct volume_rule *volume)
{
	volume->default_mode = 0644; /* what absence means */
	volume->kind = (enum volume_kind)throw_dice(dice, VOLUME_KINDS);
	if (is_source)
		volume->kind = throw_bool(dice) ? VOLUME_SECRET : VOLUME_DOWNWARD;
	else
		volume->name = random_label(dice);
	bool is_map = volume->kind == VOLUME_CONFIG_MAP || volume->kind == VOLUME_SECRET;
	if (volume->kind == VOLUME_EMPTY_DIR) {
		volume->is_memory = throw_bool(dice);
		volume->size_limit_bytes = throw_dice(dice, 1000);
	} else if (volume->kind == VOLUME_HOST_PATH) {
		volume->host_path = random_text(dice);
		volume->host_type = random_text_or_null(dice);
	} else if (volume->kind == VOLUME_CLAIM) {
		volume->ref = random_text(dice);
		volume->is_read_only = throw_bool(dice);
	} else if (volume->kind != VOLUME_IMAGE) {
		volume->default_mode = (unsigned)throw_dice(dice, 01000);
	}
	if (is_map) {
		volume->ref = random_text(dice);
		volume->is_optional = throw_bool(dice);
	}
	if (is_map || volume->kind == VOLUME_DOWNWARD)
		random_items(dice, volume);
	if (volume->kind == VOLUME_PROJECTED) {
		for (uint64_t i = throw_dice(dice, 3); i > 0; i--)
			random_volume(dice, true,
				      ARRAY_APPEND(volume->sources, volume->source_count));
	}
}

static void random_entry(struct dice *dice, unsigned number, bool is_secret,
			 struct map_entry *entry)
{
	entry->key = xasprintf("key%u", number);
	if (is_secret && throw_bool(dice)) {
		entry->reference = random_text(dice);
		entry->sha256 = random_text_or_null(dice);
		return;
	}
	entry->bytes = random_text(dice);
	entry->size = strlen(entry->bytes);
	if (throw_bool(dice)) /* not UTF-8, or a NUL inside: base64 */
		entry->bytes[0] = throw_bool(dice) ? '\0' : '\xff';
}

static void random_maps(struct dice *dice, bool is_secret, struct release *release)
{
	for (unsigned i = (unsigned)throw_dice(dice, 3); i > 0; i--) {
		struct release_map *map = ARRAY_APPEND(release->maps, release->map_count);
		map->name = xasprintf("map%u", i);
		map->is_secret = is_secret;
		for (unsigned e = (unsigned)throw_dice(dice, 4); e > 0; e--)
			random_entry(dice, e, is_secret,
				     ARRAY_APPEND(map->entries, map->entry_count));
	}
}

static void random_config(struct dice *dice, struct release *release)
{
	release->hostname = random_text_or_null(dice);
	release->subdomain = random_text_or_null(dice);
	random_pairs(dice, &release->labels);
	random_pairs(dice, &release->annotations);
	random_hosts(dice, &release->aliases);
	release->dns_policy = random_text_or_null(dice);
	random_texts(dice, &release->dns_servers);
	random_texts(dice, &release->dns_searches);
	random_texts(dice, &release->dns_options);
	for (unsigned i = (unsigned)throw_dice(dice, 3); i > 0; i--)
		random_container(dice, i,
				 ARRAY_APPEND(release->containers, release->container_count));
	for (uint64_t i = throw_dice(dice, 5); i > 0; i--)
		random_volume(dice, false, ARRAY_APPEND(release->volumes, release->volume_count));
	random_maps(dice, false, release);
	random_maps(dice, true, release);
}

static void random_delivery(struct dice *dice, unsigned number, struct volume_delivery *delivery)
{
	delivery->volume = xasprintf("v%u", number);
	delivery->how = (enum delivery)(1 + throw_dice(dice, DELIVERIES - 1));
	delivery->serial = delivery->how == DELIVERY_DISK ? random_text(dice) : NULL;
	delivery->is_formatted = throw_bool(dice);
	delivery->tag = delivery->how == DELIVERY_VIRTIOFS ? random_text(dice) : NULL;
	delivery->file = throw_bool(dice) ? random_label(dice) : NULL;
}

static void random_instance(struct dice *dice, struct release *release)
{
	release->project = random_text_or_null(dice);
	release->pod = random_text_or_null(dice);
	release->instance = random_text_or_null(dice);
	release->replica = (unsigned)throw_dice(dice, 1000);
	if (throw_bool(dice))
		string_list_add(&release->own_labels, "apps.kubernetes.io/pod-index=3");
	if (throw_bool(dice))
		string_list_add(&release->own_annotations, "batch.kubernetes.io/index=");
	release->uid = random_text_or_null(dice);
	release->image_digest = random_text_or_null(dice);
	release->config_digest = random_text_or_null(dice);
	release->where = random_text_or_null(dice);
	release->is_held = throw_bool(dice);
	release->network.is_dhcp = throw_bool(dice);
	release->network.mac = random_text_or_null(dice);
	release->network.address = random_text_or_null(dice);
	release->network.gateway = random_text_or_null(dice);
	random_texts(dice, &release->network.dns);
	random_texts(dice, &release->network.searches);
	release->network.mtu = throw_bool(dice) ? 0 : (unsigned)(68 + throw_dice(dice, 9000));
	random_hosts(dice, &release->hosts);
	for (uint64_t i = throw_dice(dice, 3); i > 0; i--)
		*ARRAY_APPEND(release->proxies, release->proxy_count) =
			(struct service_proxy){.ip = random_text(dice),
					       .port = (uint16_t)(1 + throw_dice(dice, 65535)),
					       .service = random_text(dice),
					       .is_sticky = throw_bool(dice)};
	for (size_t i = 0; i < release->proxy_count; i++)
		random_texts(dice, &release->proxies[i].targets);
	random_texts(dice, &release->service_env);
	for (unsigned i = (unsigned)throw_dice(dice, 4); i > 0; i--)
		random_delivery(dice, i,
				ARRAY_APPEND(release->deliveries, release->delivery_count));
	release->scratch_serial = random_text_or_null(dice);
	release->scratch_bytes = throw_dice(dice, 3);
	release->time_ns = throw_bool(dice) ? 0 : (int64_t)throw_dice(dice, INT64_MAX);
	release->entropy = random_text_or_null(dice);
	release->run_container = random_text_or_null(dice);
	release->cloud.is_given = throw_bool(dice);
	if (!release->cloud.is_given)
		return;
	release->cloud.region = random_text_or_null(dice);
	release->cloud.log_group = random_text_or_null(dice);
	release->cloud.signal_stack = random_text_or_null(dice);
	release->cloud.signal_resource = random_text_or_null(dice);
	release->cloud.attach_volume = random_text_or_null(dice);
	release->cloud.attach_device = random_text_or_null(dice);
	release->cloud.names_zone = random_text_or_null(dice);
	random_texts(dice, &release->cloud.names);
	release->cloud.endpoint = random_text_or_null(dice);
	release->cloud.console_key = random_text_or_null(dice);
}

static void assert_same_host_service(const struct host_service *a, const struct host_service *b)
{
	ASSERT_SAME_TEXT(name);
	ASSERT_SAME(port);
	ASSERT_SAME_TEXT(target);
}

static void assert_same_host(const struct host_entry *a, const struct host_entry *b)
{
	ASSERT_SAME_TEXT(ip);
	ASSERT_SAME_TEXT(alias);
	ASSERT_SAME_TEXTS(names);
	ASSERT_SAME_LIST(services, service_count, assert_same_host_service);
}

static void assert_same_hosts(const struct host_list *a, const struct host_list *b)
{
	ASSERT_SAME_LIST(entries, count, assert_same_host);
}

static void assert_same_env(const struct env_rule *a, const struct env_rule *b)
{
	ASSERT_SAME_TEXT(name);
	ASSERT_SAME(kind);
	ASSERT_SAME_TEXT(value);
	ASSERT_SAME_TEXT(key);
	ASSERT_SAME(is_optional);
	ASSERT_SAME_TEXT(container);
	ASSERT_SAME_TEXT(divisor);
}

static void assert_same_import(const struct env_import *a, const struct env_import *b)
{
	ASSERT_SAME_TEXT(prefix);
	ASSERT_SAME_TEXT(map);
	ASSERT_SAME(is_secret);
	ASSERT_SAME(is_optional);
}

static void assert_same_mount(const struct mount_rule *a, const struct mount_rule *b)
{
	ASSERT_SAME_TEXT(volume);
	ASSERT_SAME_TEXT(path);
	ASSERT_SAME_TEXT(sub_path);
	ASSERT_SAME_TEXT(sub_path_expression);
	ASSERT_SAME(is_read_only);
}

static void assert_same_container(const struct container_config *a,
				  const struct container_config *b)
{
	ASSERT_SAME_TEXT(name);
	ASSERT_SAME_LIST(env, env_count, assert_same_env);
	ASSERT_SAME_LIST(sources, source_count, assert_same_import);
	ASSERT_SAME_LIST(mounts, mount_count, assert_same_mount);
}

static void assert_same_file(const struct projected_file *a, const struct projected_file *b)
{
	ASSERT_SAME_TEXT(key);
	ASSERT_SAME_TEXT(field);
	ASSERT_SAME_TEXT(resource);
	ASSERT_SAME_TEXT(container);
	ASSERT_SAME_TEXT(divisor);
	ASSERT_SAME_TEXT(path);
	ASSERT_SAME(mode);
}

static void assert_same_volume(const struct volume_rule *a, const struct volume_rule *b)
{
	ASSERT_SAME_TEXT(name);
	ASSERT_SAME(kind);
	ASSERT_SAME(is_memory);
	ASSERT_SAME(size_limit_bytes);
	ASSERT_SAME_TEXT(ref);
	ASSERT_SAME(is_optional);
	ASSERT_SAME(default_mode);
	ASSERT_SAME_LIST(items, item_count, assert_same_file);
	ASSERT_SAME(is_read_only);
	ASSERT_SAME_TEXT(host_path);
	ASSERT_SAME_TEXT(host_type);
	ASSERT_SAME_LIST(sources, source_count, assert_same_volume);
}

static void assert_same_entry(const struct map_entry *a, const struct map_entry *b)
{
	ASSERT_SAME_TEXT(key);
	ASSERT_SAME(size);
	assert_true((a->bytes == NULL) == (b->bytes == NULL));
	assert_true(a->bytes == NULL || memcmp(a->bytes, b->bytes, a->size) == 0);
	ASSERT_SAME_TEXT(reference);
	ASSERT_SAME_TEXT(sha256);
}

static void assert_same_map(const struct release_map *a, const struct release_map *b)
{
	ASSERT_SAME_TEXT(name);
	ASSERT_SAME(is_secret);
	ASSERT_SAME_LIST(entries, entry_count, assert_same_entry);
}

static void assert_same_config(const struct release *a, const struct release *b)
{
	ASSERT_SAME_TEXT(hostname);
	ASSERT_SAME_TEXT(subdomain);
	ASSERT_SAME_TEXTS(labels);
	ASSERT_SAME_TEXTS(annotations);
	assert_same_hosts(&a->aliases, &b->aliases);
	ASSERT_SAME_TEXT(dns_policy);
	ASSERT_SAME_TEXTS(dns_servers);
	ASSERT_SAME_TEXTS(dns_searches);
	ASSERT_SAME_TEXTS(dns_options);
	ASSERT_SAME_LIST(containers, container_count, assert_same_container);
	ASSERT_SAME_LIST(volumes, volume_count, assert_same_volume);
	ASSERT_SAME_LIST(maps, map_count, assert_same_map);
}

static void assert_same_proxy(const struct service_proxy *a, const struct service_proxy *b)
{
	ASSERT_SAME_TEXT(ip);
	ASSERT_SAME(port);
	ASSERT_SAME_TEXT(service);
	ASSERT_SAME_TEXTS(targets);
	ASSERT_SAME(is_sticky);
}

static void assert_same_delivery(const struct volume_delivery *a, const struct volume_delivery *b)
{
	ASSERT_SAME_TEXT(volume);
	ASSERT_SAME(how);
	ASSERT_SAME_TEXT(serial);
	ASSERT_SAME(is_formatted);
	ASSERT_SAME_TEXT(tag);
	ASSERT_SAME_TEXT(file);
}

static void assert_same_instance(const struct release *a, const struct release *b)
{
	ASSERT_SAME_TEXT(project);
	ASSERT_SAME_TEXT(pod);
	ASSERT_SAME_TEXT(instance);
	ASSERT_SAME(replica);
	ASSERT_SAME_TEXTS(own_labels);
	ASSERT_SAME_TEXTS(own_annotations);
	ASSERT_SAME_TEXT(uid);
	ASSERT_SAME_TEXT(image_digest);
	ASSERT_SAME_TEXT(config_digest);
	ASSERT_SAME_TEXT(where);
	ASSERT_SAME(is_held);
	ASSERT_SAME(network.is_dhcp);
	ASSERT_SAME_TEXT(network.mac);
	ASSERT_SAME_TEXT(network.address);
	ASSERT_SAME_TEXT(network.gateway);
	ASSERT_SAME_TEXTS(network.dns);
	ASSERT_SAME_TEXTS(network.searches);
	ASSERT_SAME(network.mtu);
	assert_same_hosts(&a->hosts, &b->hosts);
	ASSERT_SAME_LIST(proxies, proxy_count, assert_same_proxy);
	ASSERT_SAME_TEXTS(service_env);
	ASSERT_SAME_LIST(deliveries, delivery_count, assert_same_delivery);
	ASSERT_SAME_TEXT(scratch_serial);
	ASSERT_SAME(scratch_bytes);
	ASSERT_SAME(time_ns);
	ASSERT_SAME_TEXT(entropy);
	ASSERT_SAME_TEXT(run_container);
	ASSERT_SAME(cloud.is_given);
	ASSERT_SAME_TEXT(cloud.region);
	ASSERT_SAME_TEXT(cloud.log_group);
	ASSERT_SAME_TEXT(cloud.signal_stack);
	ASSERT_SAME_TEXT(cloud.signal_resource);
	ASSERT_SAME_TEXT(cloud.attach_volume);
	ASSERT_SAME_TEXT(cloud.attach_device);
	ASSERT_SAME_TEXT(cloud.names_zone);
	ASSERT_SAME_TEXTS(cloud.names);
	ASSERT_SAME_TEXT(cloud.endpoint);
	ASSERT_SAME_TEXT(cloud.console_key);
}

static void what_is_written_reads_the_same(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct dice dice = {seed * UINT64_C(0x9e3779b97f4a7c15)};
		AUTO(release_clear) struct release release = {0};
		AUTO(release_clear) struct release again = {0};
		AUTO(error_clear) struct error err = ERROR_INIT;
		random_config(&dice, &release);
		random_instance(&dice, &release);
		AUTO_FREE char *text =
			release_document_write(&release, seed % 2 == 0 ? JSON_ASCII : 0);
		if (!release_document_read(text, strlen(text), &again, &err))
			fail_msg("seed %u: %s: %s", (unsigned)seed, err.message, text);
		assert_same_config(&release, &again);
		assert_same_instance(&release, &again);
	}
}

/* The stack's user data is made from the text of a configuration: not a byte may change. */
static void a_configuration_alone_keeps_its_bytes(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 100; seed++) {
		struct dice dice = {seed * UINT64_C(0x9e3779b97f4a7c15)};
		AUTO(release_clear) struct release release = {0};
		AUTO(release_clear) struct release again = {0};
		random_config(&dice, &release);
		AUTO_FREE char *text = release_config_write(&release, RELEASE_CONFIG_STYLE);
		assert_true(release_config_read(text, strlen(text), &again, NULL));
		assert_same_config(&release, &again);
		AUTO_FREE char *second = release_config_write(&again, RELEASE_CONFIG_STYLE);
		assert_string_equal(text, second);
	}
}

static void a_configuration_elsewhere_is_joined_with_its_instance(void **state)
{
	struct dice dice = {78};
	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		AUTO(release_clear) struct release release = {0};
		AUTO(release_clear) struct release again = {0};
		AUTO(config_reference_clear) struct config_reference reference = {0};
		AUTO(config_reference_clear) struct config_reference found = {0};
		random_config(&dice, &release);
		random_instance(&dice, &release);
		string_list_add(&reference.parameters, "/i2kit/shop/config/web/0");
		random_texts(&dice, &reference.parameters);
		reference.sha256 = random_text(&dice);
		AUTO_FREE char *text =
			release_document_write_referring(&release, &reference, JSON_ASCII);
		AUTO_FREE char *config = release_config_write(&release, JSON_ASCII);
		assert_false(release_document_read(text, strlen(text), &again, NULL));
		assert_true(
			release_document_read_referring(text, strlen(text), &again, &found, NULL));
		assert_same_texts(&reference.parameters, &found.parameters);
		assert_string_equal(reference.sha256, found.sha256);
		assert_true(release_config_read(config, strlen(config), &again, NULL));
		assert_same_config(&release, &again);
		assert_same_instance(&release, &again);
	}
}

static void an_empty_secret_stays_one(void **state)
{
	static const char text[] = "{\"secrets\":{\"s\":{\"k\":{\"base64\":\"\"}}}}";
	AUTO(release_clear) struct release release = {0};
	(void)state;
	assert_true(release_config_read(text, strlen(text), &release, NULL));
	AUTO_FREE char *written = release_config_write(&release, 0);
	assert_non_null(strstr(written, "\"k\":{\"base64\":\"\"}"));
}

static void hosts_travel_alone(void **state)
{
	struct dice dice = {77};
	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		AUTO(host_list_clear) struct host_list hosts = {0};
		AUTO(host_list_clear) struct host_list again = {0};
		random_hosts(&dice, &hosts);
		AUTO_FREE char *text = host_list_write(&hosts);
		assert_true(host_list_read(text, strlen(text), &again, NULL));
		assert_same_hosts(&hosts, &again);
	}
}

static void assert_refused(const char *config, const char *instance, const char *why)
{
	AUTO(release_clear) struct release release = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *text =
		xasprintf("{\"i2kit\":{\"config\":%s,\"instance\":%s}}", config, instance);
	assert_false(release_document_read(text, strlen(text), &release, &err));
	assert_string_equal(err.message, why);
}

static void newer_and_odd_documents_are_refused_with_their_place(void **state)
{
	(void)state;
	assert_refused("{\"version\":2}", "{}",
		       "release document: 'i2kit.config.version' is 2: a newer i2kit wrote this, "
		       "and this one reads version 1");
	assert_refused("{}", "{\"version\":7}",
		       "release document: 'i2kit.instance.version' is 7: a newer i2kit wrote "
		       "this, and this one reads version 1");
	assert_refused("{}", "null", "release document: 'i2kit.instance' is missing");
	assert_refused("{\"volumes\":[{\"name\":\"v\",\"kind\":\"floppy\"}]}", "{}",
		       "release document: 'i2kit.config.volumes[0].kind' is none of emptyDir, "
		       "configMap, secret, hostPath, claim, downward, projected, image");
	assert_refused("{\"volumes\":[{\"name\":\"v\",\"kind\":\"secret\",\"ref\":\"s\",\"items\":"
		       "[{\"key\":\"k\",\"path\":\"../up\"}]}]}",
		       "{}",
		       "release document: 'i2kit.config.volumes[0].items[0].path' leaves the "
		       "volume");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_reads_the_same),
		cmocka_unit_test(a_configuration_alone_keeps_its_bytes),
		cmocka_unit_test(a_configuration_elsewhere_is_joined_with_its_instance),
		cmocka_unit_test(an_empty_secret_stays_one),
		cmocka_unit_test(hosts_travel_alone),
		cmocka_unit_test(newer_and_odd_documents_are_refused_with_their_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
