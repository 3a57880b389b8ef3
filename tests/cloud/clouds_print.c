/* SPDX-License-Identifier: Apache-2.0 */
/* usage: clouds-print [CLOUD [REGION]]   what i2kit makes of clouds.yaml and OS_*, as JSON */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json_writer.h"
#include "cloud/openstack/client/settings.h"

static const char *argument(int argc, char *argv[], int index)
{
	return argc > index && argv[index][0] != '\0' ? argv[index] : NULL;
}

int main(int argc, char *argv[])
{
	AUTO(openstack_settings_clear) struct openstack_settings settings = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, JSON_PRETTY);

	if (!openstack_settings_load(argument(argc, argv, 1), argument(argc, argv, 2), &settings,
				     &err)) {
		(void)fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	json_open_object(&json, NULL);
	for (size_t i = 0; i < settings.values.count; i++)
		if (settings.values.items[i].text != NULL)
			json_write_text(&json, settings.values.items[i].key,
					settings.values.items[i].text);
	/* The last of one name wins. */
	json_write_text(&json, "cloud", settings.cloud);
	json_write_text(&json, "region", settings.region);
	json_write_text(&json, "interface", settings.interface);
	json_write_text(&json, "auth_type", settings.auth_type);
	json_write_text(&json, "cacert", settings.ca_file);
	json_write_text(&json, "cert", settings.cert_file);
	json_write_text(&json, "key", settings.key_file);
	json_write_bool(&json, "insecure", settings.is_insecure);
	json_close(&json);
	(void)puts(strbuf_text(&out));
	return 0;
}
