/* SPDX-License-Identifier: Apache-2.0 */
#include "image/sbom/sbom_cyclonedx.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "image/sbom/image_purl.h"

#define ID_SIZE 64

/* It stays open. */
static void open_component(struct json_writer *json, const char *key, const char *type,
			   const char *id, const char *name)
{
	json_open_object(json, key);
	json_write_text(json, "type", type);
	if (id != NULL)
		json_write_text(json, "bom-ref", id);
	json_write_text(json, "name", name);
}

static void write_hash(struct json_writer *json, const char *digest)
{
	const char *hex = digest != NULL ? strchr(digest, ':') : NULL;

	if (hex == NULL)
		return;
	json_open_list(json, "hashes");
	json_open_object(json, NULL);
	json_write_text(json, "alg", "SHA-256");
	json_write_text(json, "content", hex + 1);
	json_close(json);
	json_close(json);
}

static void write_licence(struct json_writer *json, const char *licence)
{
	if (licence == NULL || licence[0] == '\0')
		return;
	json_open_list(json, "licenses");
	json_open_object(json, NULL);
	json_open_object(json, "license");
	json_write_text(json, "name", licence);
	json_close(json);
	json_close(json);
	json_close(json);
}

static void write_supplier(struct json_writer *json, const char *supplier)
{
	if (supplier == NULL || supplier[0] == '\0')
		return;
	json_open_object(json, "supplier");
	json_write_text(json, "name", supplier);
	json_close(json);
}

static void write_base(struct json_writer *json, const struct sbom *sbom)
{
	open_component(json, NULL, "platform", "base", sbom->pod.base_name);
	write_hash(json, sbom->pod.base_digest);
	json_open_list(json, "components");
	for (size_t i = 0; i < sbom->base_count; i++) {
		const struct base_package *package = &sbom->base[i];
		char id[ID_SIZE];
		(void)snprintf(id, sizeof(id), "base/%zu", i);
		open_component(json, NULL, "library", id, package->name);
		json_write_text_if(json, "version", package->version);
		json_write_text_if(json, "description", package->comment);
		write_licence(json, package->licence);
		json_write_text_if(json, "purl", package->purl);
		json_close(json);
	}
	json_close(json);
	json_close(json);
}

static void write_package(struct json_writer *json, const char *id, const struct package *package)
{
	open_component(json, NULL, "library", id, package->name);
	json_write_text(json, "version", package->version);
	write_supplier(json, package->supplier);
	write_licence(json, package->licence);
	json_write_text_if(json, "purl", package->purl);
	json_close(json);
}

static void write_image(struct json_writer *json, size_t index, const struct sbom_image *image)
{
	AUTO_FREE char *purl = image_purl_of(image);
	char id[ID_SIZE];

	(void)snprintf(id, sizeof(id), "image/%zu", index);
	open_component(json, NULL, "container", id, image->name);
	json_write_text_if(json, "version", image->digest);
	json_write_text_if(json, "description",
			   image->problem != NULL ? image->problem : image->distribution.title);
	write_hash(json, image->digest);
	json_write_text_if(json, "purl", purl);
	json_open_list(json, "components");
	for (size_t i = 0; i < image->packages.count; i++) {
		(void)snprintf(id, sizeof(id), "image/%zu/%zu", index, i);
		write_package(json, id, &image->packages.items[i]);
	}
	json_close(json);
	json_close(json);
}

static void write_metadata(struct json_writer *json, const struct sbom *sbom)
{
	json_open_object(json, "metadata");
	json_open_object(json, "tools");
	json_open_list(json, "components");
	open_component(json, NULL, "application", NULL, "i2kit");
	json_write_text(json, "version", I2KIT_VERSION);
	json_close(json);
	json_close(json);
	json_close(json);
	open_component(json, "component", "operating-system", "disk", sbom->pod.pod);
	json_write_text(json, "version", DIGEST_TEXT(&sbom->digest));
	write_hash(json, DIGEST_TEXT(&sbom->digest));
	json_close(json);
	json_close(json);
}

/* A UUID of version 8, RFC 9562: the digest's first bits but those that say so. Owned. */
static char *make_serial(const struct digest *digest)
{
	const char *hex = strchr(DIGEST_TEXT(digest), ':') + 1;

	return xasprintf("urn:uuid:%.8s-%.4s-8%.3s-8%.3s-%.12s", hex, hex + 8, hex + 12, hex + 15,
			 hex + 18);
}

void sbom_cyclonedx_write(struct json_writer *json, const struct sbom *sbom)
{
	AUTO_FREE char *serial = make_serial(&sbom->digest);

	json_open_object(json, NULL);
	json_write_text(json, "bomFormat", "CycloneDX");
	json_write_text(json, "specVersion", "1.5");
	json_write_text(json, "serialNumber", serial);
	json_write_number(json, "version", 1);
	write_metadata(json, sbom);
	json_open_list(json, "components");
	write_base(json, sbom);
	for (size_t i = 0; i < sbom->image_count; i++)
		write_image(json, i, &sbom->images[i]);
	json_close(json);
	json_close(json);
}
