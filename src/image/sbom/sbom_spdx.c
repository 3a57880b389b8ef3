/* SPDX-License-Identifier: Apache-2.0 */
#include "image/sbom/sbom_spdx.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "image/sbom/image_purl.h"

#define NO_ASSERTION "NOASSERTION"
#define ID_SIZE	     64

/* What all packages have; it stays open. */
static void open_package(struct json_writer *json, const char *id, const char *name,
			 const char *version)
{
	json_open_object(json, NULL);
	json_write_text(json, "SPDXID", id);
	json_write_text(json, "name", name);
	json_write_text_if(json, "versionInfo", version);
	json_write_text(json, "downloadLocation", NO_ASSERTION);
	json_write_bool(json, "filesAnalyzed", false);
	json_write_text(json, "licenseConcluded", NO_ASSERTION);
	json_write_text(json, "licenseDeclared", NO_ASSERTION);
	json_write_text(json, "copyrightText", NO_ASSERTION);
}

static void write_checksum(struct json_writer *json, const char *digest)
{
	const char *hex = digest != NULL ? strchr(digest, ':') : NULL;

	if (hex == NULL)
		return;
	json_open_list(json, "checksums");
	json_open_object(json, NULL);
	json_write_text(json, "algorithm", "SHA256");
	json_write_text(json, "checksumValue", hex + 1);
	json_close(json);
	json_close(json);
}

static void write_purl(struct json_writer *json, const char *purl)
{
	if (purl == NULL)
		return;
	json_open_list(json, "externalRefs");
	json_open_object(json, NULL);
	json_write_text(json, "referenceCategory", "PACKAGE-MANAGER");
	json_write_text(json, "referenceType", "purl");
	json_write_text(json, "referenceLocator", purl);
	json_close(json);
	json_close(json);
}

static void write_base(struct json_writer *json, const struct sbom *sbom)
{
	open_package(json, "SPDXRef-Base", sbom->pod.base_name, NULL);
	json_write_text(json, "comment", "the VM's kernel, init and container runtime");
	write_checksum(json, sbom->pod.base_digest);
	json_close(json);
	for (size_t i = 0; i < sbom->base_count; i++) {
		const struct base_package *package = &sbom->base[i];
		char id[ID_SIZE];
		(void)snprintf(id, sizeof(id), "SPDXRef-Base-%zu", i);
		open_package(json, id, package->name, package->version);
		json_write_text_if(json, "licenseComments", package->licence);
		json_write_text_if(json, "comment", package->comment);
		write_purl(json, package->purl);
		json_close(json);
	}
}

static void write_package(struct json_writer *json, const char *id, const struct package *package)
{
	open_package(json, id, package->name, package->version);
	if (package->supplier != NULL && package->supplier[0] != '\0') {
		AUTO_FREE char *supplier = xasprintf("Organization: %s", package->supplier);
		json_write_text(json, "supplier", supplier);
	}
	if (package->licence != NULL) {
		AUTO_FREE char *comment = xasprintf("the package declares: %s", package->licence);
		json_write_text(json, "licenseComments", comment);
	}
	if (package->source != NULL && package->source[0] != '\0') {
		AUTO_FREE char *source =
			xasprintf("built of the source package %s", package->source);
		json_write_text(json, "sourceInfo", source);
	}
	write_purl(json, package->purl);
	json_close(json);
}

static void write_image(struct json_writer *json, size_t index, const struct sbom_image *image)
{
	AUTO_FREE char *purl = image_purl_of(image);
	char id[ID_SIZE];

	(void)snprintf(id, sizeof(id), "SPDXRef-Image-%zu", index);
	open_package(json, id, image->name, image->digest);
	json_write_text(json, "primaryPackagePurpose", "CONTAINER");
	json_write_text_if(json, "summary", image->distribution.title);
	json_write_text_if(json, "comment", image->problem);
	write_checksum(json, image->digest);
	write_purl(json, purl);
	json_close(json);
	for (size_t i = 0; i < image->packages.count; i++) {
		(void)snprintf(id, sizeof(id), "SPDXRef-Image-%zu-%zu", index, i);
		write_package(json, id, &image->packages.items[i]);
	}
}

static void relate(struct json_writer *json, const char *whole, const char *relation,
		   const char *part)
{
	json_open_object(json, NULL);
	json_write_text(json, "spdxElementId", whole);
	json_write_text(json, "relationshipType", relation);
	json_write_text(json, "relatedSpdxElement", part);
	json_close(json);
}

static void write_relations(struct json_writer *json, const struct sbom *sbom)
{
	char whole[ID_SIZE], part[ID_SIZE];

	relate(json, "SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Disk");
	relate(json, "SPDXRef-Disk", "CONTAINS", "SPDXRef-Base");
	for (size_t i = 0; i < sbom->base_count; i++) {
		(void)snprintf(part, sizeof(part), "SPDXRef-Base-%zu", i);
		relate(json, "SPDXRef-Base", "CONTAINS", part);
	}
	for (size_t i = 0; i < sbom->image_count; i++) {
		(void)snprintf(whole, sizeof(whole), "SPDXRef-Image-%zu", i);
		relate(json, "SPDXRef-Disk", "CONTAINS", whole);
		for (size_t k = 0; k < sbom->images[i].packages.count; k++) {
			(void)snprintf(part, sizeof(part), "SPDXRef-Image-%zu-%zu", i, k);
			relate(json, whole, "CONTAINS", part);
		}
	}
}

static void write_creation(struct json_writer *json)
{
	json_open_object(json, "creationInfo");
	json_write_text(json, "created", "1970-01-01T00:00:00Z");
	json_open_list(json, "creators");
	json_write_text(json, NULL, "Tool: i2kit-" I2KIT_VERSION);
	json_close(json);
	json_close(json);
}

void sbom_spdx_write(struct json_writer *json, const struct sbom *sbom)
{
	AUTO_FREE char *space = xasprintf("https://i2kit.invalid/spdx/disk-%s",
					  strchr(DIGEST_TEXT(&sbom->digest), ':') + 1);

	json_open_object(json, NULL);
	json_write_text(json, "spdxVersion", "SPDX-2.3");
	json_write_text(json, "dataLicense", "CC0-1.0");
	json_write_text(json, "SPDXID", "SPDXRef-DOCUMENT");
	json_write_text(json, "name", sbom->pod.pod);
	json_write_text(json, "documentNamespace", space);
	write_creation(json);
	json_open_list(json, "packages");
	open_package(json, "SPDXRef-Disk", sbom->pod.pod, DIGEST_TEXT(&sbom->digest));
	json_write_text(json, "primaryPackagePurpose", "OPERATING-SYSTEM");
	json_write_text_if(json, "comment", sbom->toc.builder);
	write_checksum(json, DIGEST_TEXT(&sbom->digest));
	json_close(json);
	write_base(json, sbom);
	for (size_t i = 0; i < sbom->image_count; i++)
		write_image(json, i, &sbom->images[i]);
	json_close(json);
	json_open_list(json, "relationships");
	write_relations(json, sbom);
	json_close(json);
	json_close(json);
}
