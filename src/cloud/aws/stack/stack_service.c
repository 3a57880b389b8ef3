/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/stack/stack_text.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define SSL_POLICY "ELBSecurityPolicy-TLS13-1-2-2021-06"

/* What is made for one service. */
struct balancer {
	const struct service *service;
	const struct pod_spec *pod; /* the first one: its probe is asked */
	bool is_public;
	bool is_application; /* HTTP and HTTPS alone */
	char *id;	     /* owned; the load balancer's */
	char *group;	     /* owned; its security group's */
};

static void balancer_clear(struct balancer *balancer)
{
	free(balancer->id);
	free(balancer->group);
}

bool stack_has_balancer(const struct service *service)
{
	return service->kind != SERVICE_HEADLESS && service->port_count > 0 &&
	       service->pods.count > 0;
}

static bool is_http(enum service_protocol protocol)
{
	return protocol == SERVICE_HTTP || protocol == SERVICE_HTTPS;
}

/* TCP and UDP on one port number share a listener. */
static bool is_tcp_udp(const struct service *service, const struct service_port *port)
{
	for (size_t i = 0; i < service->port_count; i++)
		if (service->ports[i].port == port->port &&
		    service->ports[i].target_port == port->target_port &&
		    service->ports[i].protocol != port->protocol)
			return true;
	return false;
}

static bool is_second_of_pair(const struct service *service, size_t position)
{
	const struct service_port *port = &service->ports[position];
	for (size_t i = 0; i < position; i++)
		if (service->ports[i].port == port->port)
			return is_tcp_udp(service, port);
	return false;
}

static const char *listener_protocol(const struct balancer *balancer,
				     const struct service_port *port)
{
	if (balancer->is_application)
		return port->outer == SERVICE_HTTPS ? "HTTPS" : "HTTP";
	if (port->outer == SERVICE_HTTPS || port->outer == SERVICE_SSL)
		return "TLS";
	if (is_tcp_udp(balancer->service, port))
		return "TCP_UDP";
	return port->protocol == PROTOCOL_UDP ? "UDP" : "TCP";
}

static const char *target_protocol(const struct balancer *balancer, const struct service_port *port)
{
	if (balancer->is_application)
		return port->inner == SERVICE_HTTPS ? "HTTPS" : "HTTP";
	if (port->inner == SERVICE_SSL || port->inner == SERVICE_HTTPS)
		return "TLS";
	if (is_tcp_udp(balancer->service, port))
		return "TCP_UDP";
	return port->protocol == PROTOCOL_UDP ? "UDP" : "TCP";
}

static char *port_id(const struct service *service, const struct service_port *port,
		     const char *suffix)
{
	AUTO_FREE char *tail = xasprintf("%u%s", port->port, suffix);
	return stack_logical_id(service->name, tail);
}

static bool is_same_listener_port(const struct service *service, const struct service_port *port)
{
	return port != &service->ports[0] &&
	       is_second_of_pair(service, (size_t)(port - service->ports));
}

void stack_append_target_groups(const struct stack_text *text, const struct pod_spec *pod,
				struct strbuf *out)
{
	for (size_t s = 0; s < text->app->service_count; s++) {
		const struct service *service = &text->app->services[s];
		if (!stack_has_balancer(service) || !string_list_has(&service->pods, pod->name))
			continue;
		for (size_t p = 0; p < service->port_count; p++) {
			if (is_same_listener_port(service, &service->ports[p]))
				continue;
			AUTO_FREE char *id = port_id(service, &service->ports[p], "Targets");
			strbuf_appendf(out, "%s{'Ref':'%s'}", out->size > 0 ? "," : "", id);
		}
	}
}

/* --- health --------------------------------------------------------------------------------- */

static const struct probe *readiness_of(const struct pod_spec *pod)
{
	for (size_t i = 0; i < pod->container_count; i++)
		if (pod->containers[i].readiness.kind != CHECK_NONE)
			return &pod->containers[i].readiness;
	return NULL;
}

static uint32_t clamp(uint32_t value, uint32_t low, uint32_t high)
{
	if (value < low)
		return low;
	return value > high ? high : value;
}

/* A port that answers TCP, for the health of UDP; 0: none. */
static uint16_t tcp_port_of(const struct pod_spec *pod)
{
	for (size_t c = 0; c < pod->container_count; c++)
		for (size_t p = 0; p < pod->containers[c].port_count; p++)
			if (pod->containers[c].ports[p].protocol == PROTOCOL_TCP)
				return pod->containers[c].ports[p].port;
	return 0;
}

/* The port that is asked for health; 0 when there is none to ask. */
static uint16_t health_port(const struct balancer *balancer, const struct service_port *port)
{
	const struct probe *probe = readiness_of(balancer->pod);
	if (probe != NULL && (probe->kind == CHECK_HTTP || probe->kind == CHECK_TCP) &&
	    probe->port != 0)
		return probe->port;
	if (port->protocol == PROTOCOL_UDP && !is_tcp_udp(balancer->service, port))
		return tcp_port_of(balancer->pod);
	return port->target_port;
}

/*
 * From the readiness probe where it is one the balancer can do; an application balancer asks by
 * HTTP in any case, and takes any answer below 500 for life when the pod has no path to ask.
 */
static bool append_health(struct strbuf *out, const struct balancer *balancer,
			  const struct service_port *port, struct error *err)
{
	const struct probe *probe = readiness_of(balancer->pod);
	bool is_http_probe = probe != NULL && probe->kind == CHECK_HTTP;
	uint16_t number = health_port(balancer, port);
	if (number == 0) {
		error_set(err, ERROR_UNSUPPORTED,
			  "service '%s': a load balancer asks for health over TCP or HTTP, and pod "
			  "'%s' has only UDP ports",
			  balancer->service->name, balancer->pod->name);
		return error_hint(err, "give it a tcpSocket or httpGet readinessProbe");
	}
	uint32_t interval = probe != NULL ? clamp(probe->period_s, 5, 300) : 10;
	uint32_t timeout = probe != NULL ? clamp(probe->timeout_s, 2, interval - 1) : 4;
	strbuf_appendf(out,
		       "'HealthCheckPort':'%u','HealthCheckIntervalSeconds':%u,"
		       "'HealthCheckTimeoutSeconds':%u,'HealthyThresholdCount':%u,"
		       "'UnhealthyThresholdCount':%u",
		       number, interval, timeout,
		       clamp(probe != NULL ? probe->success_threshold : 2, 2, 10),
		       clamp(probe != NULL ? probe->failure_threshold : 3, 2, 10));
	const char *protocol = "TCP";
	if (is_http_probe)
		protocol = probe->is_https ? "HTTPS" : "HTTP";
	else if (balancer->is_application)
		protocol = target_protocol(balancer, port);
	strbuf_appendf(out, ",'HealthCheckProtocol':'%s'", protocol);
	if (protocol[0] != 'H')
		return true;
	const char *path = is_http_probe && probe->path != NULL ? probe->path : "/";
	if (!stack_check_plain("the path of a probe", path, err))
		return false;
	strbuf_appendf(out, ",'HealthCheckPath':'%s','Matcher':{'HttpCode':'%s'}", path,
		       is_http_probe ? "200-399" : "200-499");
	return true;
}

/* --- listeners ------------------------------------------------------------------------------ */

static bool add_targets(struct stack_text *text, const struct balancer *balancer,
			const struct service_port *port, struct error *err)
{
	AUTO_FREE char *id = port_id(balancer->service, port, "Targets");
	AUTO_FREE char *vpc = stack_vpc(text);
	AUTO(strbuf_clear) struct strbuf health = STRBUF_INIT;
	if (!append_health(&health, balancer, port, err))
		return false;
	uint32_t drain = clamp(balancer->pod->termination_grace_s, 1, 3600);
	const char *sticky =
		!balancer->service->has_client_ip_affinity ? ""
		: balancer->is_application
			? ",{'Key':'stickiness.enabled','Value':'true'},{'Key':'stickiness.type',"
			  "'Value':'lb_cookie'}"
			: ",{'Key':'stickiness.enabled','Value':'true'},{'Key':'stickiness.type',"
			  "'Value':'source_ip'}";
	/* A pod that calls its own service must not see itself as the caller: NLBs drop that. */
	bool is_hairpin = !balancer->is_public && !balancer->is_application &&
			  port->protocol == PROTOCOL_TCP && !is_tcp_udp(balancer->service, port);
	stack_add(text, id,
		  "{'Type':'AWS::ElasticLoadBalancingV2::TargetGroup','Properties':{'VpcId':%s,"
		  "'Protocol':'%s','Port':%u,'TargetType':'instance',%s,'TargetGroupAttributes':[{"
		  "'Key':'deregistration_delay.timeout_seconds','Value':'%u'}%s%s]}}",
		  vpc, target_protocol(balancer, port), port->target_port, strbuf_text(&health),
		  drain, sticky,
		  is_hairpin ? ",{'Key':'preserve_client_ip.enabled','Value':'false'}" : "");
	return true;
}

static bool add_listener(struct stack_text *text, const struct balancer *balancer,
			 const struct service_port *port, struct error *err)
{
	const char *protocol = listener_protocol(balancer, port);
	bool is_tls = strcmp(protocol, "TLS") == 0 || strcmp(protocol, "HTTPS") == 0;
	const char *certificate =
		port->certificate != NULL ? port->certificate : text->target->certificate;
	AUTO_FREE char *tls = xstrdup("");
	if (is_tls && certificate == NULL) {
		error_set(err, ERROR_INVALID,
			  "service '%s': port %u speaks TLS and has no certificate",
			  balancer->service->name, port->port);
		return error_hint(err, "provider.certificate: arn:aws:acm:… in environment.yml");
	}
	if (!stack_check_plain("the certificate", certificate, err))
		return false;
	if (is_tls) {
		free(tls);
		tls = xasprintf(",'SslPolicy':'" SSL_POLICY
				"','Certificates':[{'CertificateArn':'%s'}]",
				certificate);
	}
	AUTO_FREE char *id = port_id(balancer->service, port, "Listener");
	AUTO_FREE char *targets = port_id(balancer->service, port, "Targets");
	stack_add(text, id,
		  "{'Type':'AWS::ElasticLoadBalancingV2::Listener','Properties':{"
		  "'LoadBalancerArn':{'Ref':'%s'},'Port':%u,'Protocol':'%s','DefaultActions':[{"
		  "'Type':'forward','TargetGroupArn':{'Ref':'%s'}}]%s}}",
		  balancer->id, port->port, protocol, targets, tls);
	return true;
}

/* --- who may talk to whom ------------------------------------------------------------------- */

static void add_pod_rule(struct stack_text *text, const struct balancer *balancer, const char *pod,
			 const char *name, const char *protocol, unsigned port)
{
	AUTO_FREE char *pod_group = stack_logical_id(pod, "Firewall");
	AUTO_FREE char *pod_part = stack_logical_id(pod, name);
	AUTO_FREE char *in = stack_logical_id(balancer->service->name, "From");
	AUTO_FREE char *out = stack_logical_id(balancer->service->name, "To");
	AUTO_FREE char *in_id = xasprintf("%s%s", in, pod_part);
	AUTO_FREE char *out_id = xasprintf("%s%s", out, pod_part);
	stack_add(
		text, in_id,
		"{'Type':'AWS::EC2::SecurityGroupIngress','Properties':{'GroupId':{'Ref':'%s'},"
		"'IpProtocol':'%s','FromPort':%u,'ToPort':%u,'SourceSecurityGroupId':{'Ref':'%s'},"
		"'Description':'from the load balancer of %s'}}",
		pod_group, protocol, port, port, balancer->group, balancer->service->name);
	stack_add(text, out_id,
		  "{'Type':'AWS::EC2::SecurityGroupEgress','Properties':{'GroupId':{'Ref':'%s'},"
		  "'IpProtocol':'%s','FromPort':%u,'ToPort':%u,"
		  "'DestinationSecurityGroupId':{'Ref':'%s'},'Description':'to pod %s'}}",
		  balancer->group, protocol, port, port, pod_group, pod);
}

/* Each rule once, although several ports may lead to one target. */
static void add_pod_rules(struct stack_text *text, const struct balancer *balancer)
{
	const struct service *service = balancer->service;
	AUTO(string_list_clear) struct string_list seen = STRING_LIST_INIT;
	for (size_t i = 0; i < service->port_count; i++) {
		const struct service_port *port = &service->ports[i];
		const char *protocol = port->protocol == PROTOCOL_UDP ? "udp" : "tcp";
		unsigned wanted[2] = {port->target_port, health_port(balancer, port)};
		for (size_t w = 0; w < 2; w++) {
			const char *spoken = w == 0 ? protocol : "tcp";
			AUTO_FREE char *name = xasprintf("%s%u", spoken, wanted[w]);
			name[0] = (char)(name[0] - 'a' + 'A');
			if (wanted[w] == 0 || string_list_has(&seen, name))
				continue;
			string_list_add(&seen, name);
			for (size_t p = 0; p < service->pods.count; p++)
				add_pod_rule(text, balancer, service->pods.items[p], name, spoken,
					     wanted[w]);
		}
	}
}

static void add_balancer_group(struct stack_text *text, const struct balancer *balancer)
{
	const struct service *service = balancer->service;
	AUTO(strbuf_clear) struct strbuf rules = STRBUF_INIT;
	for (size_t i = 0; i < service->port_count; i++)
		strbuf_appendf(&rules,
			       "%s{'IpProtocol':'%s','FromPort':%u,'ToPort':%u,%s,'Description':"
			       "'port %u of service %s'}",
			       i > 0 ? "," : "",
			       service->ports[i].protocol == PROTOCOL_UDP ? "udp" : "tcp",
			       service->ports[i].port, service->ports[i].port,
			       balancer->is_public ? "'CidrIp':'0.0.0.0/0'"
						   : "'SourceSecurityGroupId':{'Ref':'Members'}",
			       service->ports[i].port, service->name);
	AUTO_FREE char *vpc = stack_vpc(text);
	/* The rule to nowhere keeps EC2 from adding "everything, everywhere". */
	stack_add(text, balancer->group,
		  "{'Type':'AWS::EC2::SecurityGroup','Properties':{'GroupDescription':"
		  "'i2kit %s: load balancer of %s','VpcId':%s,'SecurityGroupIngress':[%s],"
		  "'SecurityGroupEgress':[{'IpProtocol':'-1','CidrIp':'127.0.0.1/32',"
		  "'Description':'nothing but the rules beside'}]}}",
		  text->target->project, service->name, vpc, strbuf_text(&rules));
}

/* --- names ---------------------------------------------------------------------------------- */

static void add_record(struct stack_text *text, const struct balancer *balancer, const char *id,
		       const char *zone, const char *name)
{
	stack_add(text, id,
		  "{'Type':'AWS::Route53::RecordSet','Properties':{%s,'Name':'%s.','Type':'A',"
		  "'AliasTarget':{'DNSName':{'Fn::GetAtt':['%s','DNSName']},'HostedZoneId':{"
		  "'Fn::GetAtt':['%s','CanonicalHostedZoneID']},'EvaluateTargetHealth':true}}}",
		  zone, name, balancer->id, balancer->id);
}

static void add_private_names(struct stack_text *text, const struct balancer *balancer)
{
	const struct service *service = balancer->service;
	const char *space = service->namespace_name != NULL ? service->namespace_name : "default";
	AUTO_FREE char *short_id = stack_logical_id(service->name, "Name");
	AUTO_FREE char *long_id = stack_logical_id(service->name, "NameWithNamespace");
	AUTO_FREE char *full_id = stack_logical_id(service->name, "NameInCluster");
	AUTO_FREE char *short_name =
		xasprintf("%s.%s.internal", service->name, text->target->project);
	AUTO_FREE char *long_name =
		xasprintf("%s.%s.%s.internal", service->name, space, text->target->project);
	AUTO_FREE char *full_name = xasprintf("%s.%s.svc.cluster.local.%s.internal", service->name,
					      space, text->target->project);
	static const char zone[] = "'HostedZoneId':{'Ref':'PrivateZone'}";
	add_record(text, balancer, short_id, zone, short_name);
	add_record(text, balancer, long_id, zone, long_name);
	add_record(text, balancer, full_id, zone, full_name);
}

static void add_public_name(struct stack_text *text, const struct balancer *balancer)
{
	const struct stack_target *target = text->target;
	AUTO_FREE char *output = stack_logical_id(balancer->service->name, "Address");
	if (target->hosted_zone == NULL) {
		stack_output(text, output, "{'Value':{'Fn::GetAtt':['%s','DNSName']}}",
			     balancer->id);
		return;
	}
	AUTO_FREE char *id = stack_logical_id(balancer->service->name, "PublicName");
	AUTO_FREE char *name = target->domain != NULL
				       ? xasprintf("%s.%s", balancer->service->name, target->domain)
				       : xasprintf("%s.%s.%s", balancer->service->name,
						   target->project, target->hosted_zone);
	AUTO_FREE char *zone = target->is_zone_id
				       ? xasprintf("'HostedZoneId':'%s'", target->hosted_zone)
				       : xasprintf("'HostedZoneName':'%s.'", target->hosted_zone);
	add_record(text, balancer, id, zone, name);
	stack_output(text, output, "{'Value':'%s'}", name);
}

/* --- the whole ------------------------------------------------------------------------------ */

/* Its own kind says so, never what another service of the same pod is. */
static bool is_public_service(const struct service *service)
{
	return service->kind == SERVICE_LOAD_BALANCER || service->kind == SERVICE_NODE_PORT;
}

static bool is_application_service(const struct service *service)
{
	for (size_t i = 0; i < service->port_count; i++)
		if (!is_http(service->ports[i].outer))
			return false;
	return true;
}

static void add_balancer(struct stack_text *text, const struct balancer *balancer)
{
	AUTO_FREE char *subnets = stack_subnets(text, balancer->is_public);
	stack_add(text, balancer->id,
		  "{'Type':'AWS::ElasticLoadBalancingV2::LoadBalancer',%s'Properties':{'Type':'%s',"
		  "'Scheme':'%s','Subnets':%s,'SecurityGroups':[{'Ref':'%s'}]%s}}",
		  text->target->vpc == NULL ? "'DependsOn':'GatewayAttachment'," : "",
		  balancer->is_application ? "application" : "network",
		  balancer->is_public ? "internet-facing" : "internal", subnets, balancer->group,
		  balancer->is_application
			  ? ",'LoadBalancerAttributes':[{'Key':"
			    "'routing.http.drop_invalid_header_fields.enabled','Value':'true'}]"
			  : ",'LoadBalancerAttributes':[{'Key':"
			    "'load_balancing.cross_zone.enabled','Value':'true'}]");
}

static bool add_ports(struct stack_text *text, const struct balancer *balancer, struct error *err)
{
	const struct service *service = balancer->service;
	for (size_t i = 0; i < service->port_count; i++) {
		if (is_second_of_pair(service, i))
			continue;
		if (!add_targets(text, balancer, &service->ports[i], err) ||
		    !add_listener(text, balancer, &service->ports[i], err))
			return false;
	}
	return true;
}

bool stack_add_service(struct stack_text *text, const struct service *service, struct error *err)
{
	if (!stack_has_balancer(service))
		return true;
	AUTO(balancer_clear)
	struct balancer balancer = {
		.service = service,
		.pod = app_find_pod(text->app, service->pods.items[0]),
		.is_public = is_public_service(service),
		.is_application = is_application_service(service),
		.id = stack_logical_id(service->name, "Balancer"),
		.group = stack_logical_id(service->name, "BalancerFirewall"),
	};
	if (balancer.pod == NULL)
		return error_set(err, ERROR_INVALID, "service '%s' selects a pod that is not there",
				 service->name);
	if (balancer.is_application && text->target->vpc != NULL && text->target->subnet_count < 2)
		return error_set(err, ERROR_INVALID,
				 "service '%s': an HTTP load balancer needs subnets in two zones",
				 service->name);
	add_balancer_group(text, &balancer);
	add_balancer(text, &balancer);
	if (!add_ports(text, &balancer, err))
		return false;
	add_pod_rules(text, &balancer);
	add_private_names(text, &balancer);
	if (balancer.is_public)
		add_public_name(text, &balancer);
	return true;
}
