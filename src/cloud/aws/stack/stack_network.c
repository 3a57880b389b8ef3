/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/stack/stack_text.h"

#include "base/alloc.h"
#include "base/cleanup.h"

#define OWN_CIDR "10.0.0.0/16"

static void add_subnet(struct stack_text *text, char letter, unsigned number)
{
	AUTO_FREE char *id = xasprintf("Subnet%c", letter);
	AUTO_FREE char *association = xasprintf("Subnet%cRoutes", letter);
	stack_add(text, id,
		  "{'Type':'AWS::EC2::Subnet','Properties':{'VpcId':{'Ref':'Vpc'},"
		  "'CidrBlock':'10.0.%u.0/20','AvailabilityZone':{'Fn::Select':['%u',"
		  "{'Fn::GetAZs':''}]},'MapPublicIpOnLaunch':true}}",
		  number * 16, number);
	stack_add(text, association,
		  "{'Type':'AWS::EC2::SubnetRouteTableAssociation','Properties':{"
		  "'RouteTableId':{'Ref':'Routes'},'SubnetId':{'Ref':'%s'}}}",
		  id);
}

/* A network of its own: two zones, instances reach AWS and the registries through the gateway. */
static void add_vpc(struct stack_text *text)
{
	stack_add(text, "Vpc",
		  "{'Type':'AWS::EC2::VPC','Properties':{'CidrBlock':'" OWN_CIDR
		  "','EnableDnsSupport':true,'EnableDnsHostnames':true,'Tags':[{'Key':'Name',"
		  "'Value':'%s'}]}}",
		  text->target->stack);
	stack_add(text, "Gateway", "{'Type':'AWS::EC2::InternetGateway'}");
	stack_add(text, "GatewayAttachment",
		  "{'Type':'AWS::EC2::VPCGatewayAttachment','Properties':{'VpcId':{'Ref':'Vpc'},"
		  "'InternetGatewayId':{'Ref':'Gateway'}}}");
	stack_add(text, "Routes",
		  "{'Type':'AWS::EC2::RouteTable','Properties':{'VpcId':{'Ref':'Vpc'}}}");
	stack_add(text, "DefaultRoute",
		  "{'Type':'AWS::EC2::Route','DependsOn':'GatewayAttachment','Properties':{"
		  "'RouteTableId':{'Ref':'Routes'},'DestinationCidrBlock':'0.0.0.0/0',"
		  "'GatewayId':{'Ref':'Gateway'}}}");
	add_subnet(text, 'A', 0);
	add_subnet(text, 'B', 1);
}

void stack_add_network(struct stack_text *text)
{
	const struct stack_target *target = text->target;
	if (target->vpc == NULL)
		add_vpc(text);
	AUTO_FREE char *vpc = stack_vpc(text);
	/* Nothing is allowed by it: it says who belongs to the project, as a source for others. */
	stack_add(text, "Members",
		  "{'Type':'AWS::EC2::SecurityGroup','Properties':{'GroupDescription':"
		  "'i2kit %s: its pods','VpcId':%s,'SecurityGroupEgress':[{'IpProtocol':'-1',"
		  "'CidrIp':'127.0.0.1/32','Description':'nothing'}]}}",
		  target->project, vpc);
	stack_add(text, "PrivateZone",
		  "{'Type':'AWS::Route53::HostedZone','Properties':{'Name':'%s.internal','VPCs':[{"
		  "'VPCId':%s,'VPCRegion':'%s'}]}}",
		  target->project, vpc, target->region);
	stack_add(text, "Logs",
		  "{'Type':'AWS::Logs::LogGroup','DeletionPolicy':'Delete','UpdateReplacePolicy':"
		  "'Delete','Properties':{'LogGroupName':'/i2kit/%s','RetentionInDays':%u}}",
		  target->stack, target->log_days > 0 ? target->log_days : 30);
	stack_output(text, "LogGroup", "{'Value':{'Ref':'Logs'}}");
}
