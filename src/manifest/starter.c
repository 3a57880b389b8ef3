/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/starter.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "manifest/yaml_scalar.h"

static const char short_head[] = "# One pod: its containers become one disk image, and every "
				 "replica is a VM that boots it.\n"
				 "#\n"
				 "#\ti2kit validate    what is wrong with this file\n"
				 "#\ti2kit up          run it here\n"
				 "#\ti2kit explain     what else can stand here\n";

static const char short_body[] =
	"    # Published on 127.0.0.1: HOST:CONTAINER, or one number for both.\n"
	"    ports: [\"8080:80\"]\n"
	"    # Configuration is never in the image: changing it rebuilds nothing.\n"
	"    environment:\n"
	"      GREETING: hello\n"
	"    # Traffic comes when this succeeds, and promote asks for it.\n"
	"    readinessProbe:\n"
	"      httpGet: {path: /, port: 80}\n"
	"    resources:\n"
	"      limits: {cpu: 500m, memory: 128Mi}\n"
	"# In the cloud: a load balancer in front.\n"
	"public: true\n";

static const char kubernetes_spec[] = "          ports:\n"
				      "            - {name: http, containerPort: 80}\n"
				      "          # Configuration is never in the image.\n"
				      "          env:\n"
				      "            - {name: GREETING, value: hello}\n"
				      "          readinessProbe:\n"
				      "            httpGet: {path: /, port: http}\n"
				      "          resources:\n"
				      "            limits: {cpu: 500m, memory: 128Mi}\n";

static const char environment_text[] =
	"# Where `i2kit promote` goes. The manifests stay the same everywhere.\n"
	"provider:\n"
	"  type: aws\n"
	"  region: eu-central-1\n"
	"  instance_type: t3.micro\n"
	"  # subnets: [subnet-0a1b2c3d, subnet-4e5f6071]    default: a network of its own\n"
	"  # hosted_zone: example.com                       names for public pods\n"
	"  # certificate: arn:aws:acm:…                     for https ports\n";

static char *make_short(const char *name, const char *image)
{
	struct strbuf text = STRBUF_INIT;
	strbuf_append(&text, short_head);
	strbuf_appendf(&text, "name: %s\nreplicas: 1\ncontainers:\n  %s:\n    image: %s\n", name,
		       name, image);
	strbuf_append(&text, short_body);
	return strbuf_take(&text);
}

static char *make_kubernetes(const char *name, const char *image)
{
	struct strbuf text = STRBUF_INIT;
	strbuf_append(&text, "# i2kit up runs this here; kubectl apply takes it as well.\n");
	strbuf_appendf(&text,
		       "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: %s\nspec:\n"
		       "  replicas: 1\n  selector:\n    matchLabels: {app: %s}\n"
		       "  template:\n    metadata:\n      labels: {app: %s}\n    spec:\n"
		       "      containers:\n        - name: %s\n          image: %s\n",
		       name, name, name, name, image);
	strbuf_append(&text, kubernetes_spec);
	strbuf_appendf(&text,
		       "---\n# Published on 127.0.0.1:8080.\napiVersion: v1\nkind: Service\n"
		       "metadata:\n  name: %s\nspec:\n  type: LoadBalancer\n  selector: {app: %s}\n"
		       "  ports:\n    - {name: http, port: 8080, targetPort: http}\n",
		       name, name);
	return strbuf_take(&text);
}

char *starter_make(enum starter_form form, const char *name, const char *image)
{
	/* A folder may be called 2026 or yes; unquoted that is no text. */
	AUTO_FREE char *word =
		yaml_scalar_is_text(name) ? xstrdup(name) : xasprintf("\"%s\"", name);
	return form == STARTER_KUBERNETES ? make_kubernetes(word, image) : make_short(word, image);
}

const char *starter_environment(void)
{
	return environment_text;
}
