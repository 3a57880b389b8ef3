/* SPDX-License-Identifier: Apache-2.0 */
#include "image/sbom/sbom_packages.h"

#include "base/cleanup.h"

static void write_one(struct json_writer *json, const char *type, const char *name,
		      const char *version, const char *licence, const char *image, const char *purl)
{
	json_open_object(json, NULL);
	json_write_text(json, "type", type);
	json_write_text(json, "name", name);
	json_write_text(json, "version", version);
	json_write_text_if(json, "licence", licence);
	json_write_text(json, "image", image);
	json_write_text_if(json, "purl", purl);
	json_close(json);
}

static void write_image(struct json_writer *json, const struct sbom_image *image)
{
	for (size_t i = 0; i < image->packages.count; i++) {
		const struct package *package = &image->packages.items[i];
		write_one(json, package_type_words[package->type], package->name, package->version,
			  package->licence, image->name, package->purl);
	}
}

void sbom_packages_write(struct json_writer *json, const struct sbom *sbom)
{
	json_open_object(json, NULL);
	json_write_text(json, "disk", DIGEST_TEXT(&sbom->digest));
	json_open_list(json, "packages");
	for (size_t i = 0; i < sbom->base_count; i++)
		write_one(json, package_type_words[PACKAGE_DEB], sbom->base[i].name,
			  sbom->base[i].version, NULL, sbom->pod.base_name, sbom->base[i].purl);
	for (size_t i = 0; i < sbom->image_count; i++)
		write_image(json, &sbom->images[i]);
	json_close(json);
	json_open_list(json, "problems");
	for (size_t i = 0; i < sbom->image_count; i++) {
		if (sbom->images[i].problem == NULL)
			continue;
		AUTO_FREE char *text =
			xasprintf("%s: %s", sbom->images[i].name, sbom->images[i].problem);
		json_write_text(json, NULL, text);
	}
	json_close(json);
	json_close(json);
}
