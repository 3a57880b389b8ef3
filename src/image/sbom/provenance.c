/* SPDX-License-Identifier: Apache-2.0 */
#include "image/sbom/provenance.h"

#include <string.h>

#include "base/cleanup.h"
#include "image/sbom/image_purl.h"

static void write_digest(struct json_writer *json, const char *digest)
{
	const char *hex = digest != NULL ? strchr(digest, ':') : NULL;

	json_open_object(json, "digest");
	if (hex != NULL)
		json_write_text(json, "sha256", hex + 1);
	json_close(json);
}

static void write_input(struct json_writer *json, const char *name, const char *uri,
			const char *digest)
{
	json_open_object(json, NULL);
	json_write_text(json, "name", name);
	json_write_text_if(json, "uri", uri);
	write_digest(json, digest);
	json_close(json);
}

static void write_inputs(struct json_writer *json, const struct sbom *sbom)
{
	json_open_list(json, "resolvedDependencies");
	write_input(json, sbom->pod.base_name, NULL, sbom->pod.base_digest);
	for (size_t i = 0; i < sbom->toc.file_count; i++)
		write_input(json, sbom->toc.files[i].name, NULL,
			    DIGEST_TEXT(&sbom->toc.files[i].digest));
	for (size_t i = 0; i < sbom->image_count; i++) {
		AUTO_FREE char *purl = image_purl_of(&sbom->images[i]);
		write_input(json, sbom->images[i].name, purl, sbom->images[i].digest);
	}
	/* The digest of a layer as its image's configuration has it, before it was converted. */
	for (size_t i = 0; i < sbom->pod.layer_count; i++)
		write_input(json, sbom->pod.layers[i].name, NULL, sbom->pod.layers[i].diff_id);
	json_close(json);
}

static void write_definition(struct json_writer *json, const struct sbom *sbom)
{
	json_open_object(json, "buildDefinition");
	json_write_text(json, "buildType", PROVENANCE_BUILD_TYPE);
	json_open_object(json, "externalParameters");
	json_write_raw(json, "pod", sbom->toc.pod_json);
	json_write_text(json, "cmdline", sbom->toc.cmdline);
	json_close(json);
	json_open_object(json, "internalParameters");
	json_close(json);
	write_inputs(json, sbom);
	json_close(json);
}

static void write_run(struct json_writer *json, const struct sbom *sbom)
{
	json_open_object(json, "runDetails");
	json_open_object(json, "builder");
	json_write_text(json, "id", "https://i2kit.invalid/builder/local");
	json_open_object(json, "version");
	json_write_text(json, "i2kit", sbom->toc.builder);
	json_close(json);
	json_close(json);
	json_open_object(json, "metadata");
	json_close(json);
	json_close(json);
}

void provenance_write(struct json_writer *json, const struct sbom *sbom)
{
	json_open_object(json, NULL);
	json_write_text(json, "_type", "https://in-toto.io/Statement/v1");
	json_open_list(json, "subject");
	json_open_object(json, NULL);
	json_write_text(json, "name", sbom->pod.pod);
	write_digest(json, DIGEST_TEXT(&sbom->digest));
	json_close(json);
	json_close(json);
	json_write_text(json, "predicateType", "https://slsa.dev/provenance/v1");
	json_open_object(json, "predicate");
	write_definition(json, sbom);
	write_run(json, sbom);
	json_close(json);
	json_close(json);
}
