/* SPDX-License-Identifier: Apache-2.0 */
/* Made by scripts/kubernetes-schema 1.34.0; not to be edited. */
/* clang-format off */
#include "manifest/schema.h"

const char schema_version[] = "1.34.0";

const struct schema_type schema_types[] = {
	{"AWSElasticBlockStoreVolumeSource",
	 "fsType:s partition:i readOnly:b volumeID:s"},
	{"Affinity",
	 "nodeAffinity:@NodeAffinity podAffinity:@PodAffinity "
	 "podAntiAffinity:@PodAntiAffinity"},
	{"AggregationRule",
	 "clusterRoleSelectors:[@LabelSelector"},
	{"AppArmorProfile",
	 "localhostProfile:s type:s"},
	{"AttachedVolume",
	 "devicePath:s name:s"},
	{"AzureDiskVolumeSource",
	 "cachingMode:s diskName:s diskURI:s fsType:s kind:s readOnly:b"},
	{"AzureFilePersistentVolumeSource",
	 "readOnly:b secretName:s secretNamespace:s shareName:s"},
	{"AzureFileVolumeSource",
	 "readOnly:b secretName:s shareName:s"},
	{"CSIPersistentVolumeSource",
	 "controllerExpandSecretRef:@SecretReference "
	 "controllerPublishSecretRef:@SecretReference driver:s fsType:s "
	 "nodeExpandSecretRef:@SecretReference nodePublishSecretRef:@SecretReference "
	 "nodeStageSecretRef:@SecretReference readOnly:b volumeAttributes:{s volumeHandle:s"},
	{"CSIVolumeSource",
	 "driver:s fsType:s nodePublishSecretRef:@LocalObjectReference readOnly:b "
	 "volumeAttributes:{s"},
	{"Capabilities",
	 "add:[s drop:[s"},
	{"CephFSPersistentVolumeSource",
	 "monitors:[s path:s readOnly:b secretFile:s secretRef:@SecretReference user:s"},
	{"CephFSVolumeSource",
	 "monitors:[s path:s readOnly:b secretFile:s secretRef:@LocalObjectReference user:s"},
	{"CinderPersistentVolumeSource",
	 "fsType:s readOnly:b secretRef:@SecretReference volumeID:s"},
	{"CinderVolumeSource",
	 "fsType:s readOnly:b secretRef:@LocalObjectReference volumeID:s"},
	{"ClientIPConfig",
	 "timeoutSeconds:i"},
	{"ClusterRole",
	 "aggregationRule:@AggregationRule apiVersion:s kind:s metadata:@ObjectMeta "
	 "rules:[@PolicyRule"},
	{"ClusterRoleBinding",
	 "apiVersion:s kind:s metadata:@ObjectMeta roleRef:@RoleRef subjects:[@Subject"},
	{"ClusterTrustBundleProjection",
	 "labelSelector:@LabelSelector name:s optional:b path:s signerName:s"},
	{"Condition",
	 "lastTransitionTime:s message:s observedGeneration:i reason:s status:s type:s"},
	{"ConfigMapEnvSource",
	 "name:s optional:b"},
	{"ConfigMapKeySelector",
	 "key:s name:s optional:b"},
	{"ConfigMapNodeConfigSource",
	 "kubeletConfigKey:s name:s namespace:s resourceVersion:s uid:s"},
	{"ConfigMapProjection",
	 "items:[@KeyToPath name:s optional:b"},
	{"ConfigMapVolumeSource",
	 "defaultMode:i items:[@KeyToPath name:s optional:b"},
	{"Container",
	 "args:[s command:[s env:[@EnvVar envFrom:[@EnvFromSource image:s imagePullPolicy:s "
	 "lifecycle:@Lifecycle livenessProbe:@Probe name:s ports:[@ContainerPort "
	 "readinessProbe:@Probe resizePolicy:[@ContainerResizePolicy "
	 "resources:@ResourceRequirements restartPolicy:s "
	 "restartPolicyRules:[@ContainerRestartRule securityContext:@SecurityContext "
	 "startupProbe:@Probe stdin:b stdinOnce:b terminationMessagePath:s "
	 "terminationMessagePolicy:s tty:b volumeDevices:[@VolumeDevice "
	 "volumeMounts:[@VolumeMount workingDir:s"},
	{"ContainerImage",
	 "names:[s sizeBytes:i"},
	{"ContainerPort",
	 "containerPort:i hostIP:s hostPort:i name:s protocol:s"},
	{"ContainerResizePolicy",
	 "resourceName:s restartPolicy:s"},
	{"ContainerResourceMetricSource",
	 "container:s name:s target:@MetricTarget"},
	{"ContainerResourceMetricStatus",
	 "container:s current:@MetricValueStatus name:s"},
	{"ContainerRestartRule",
	 "action:s exitCodes:@ContainerRestartRuleOnExitCodes"},
	{"ContainerRestartRuleOnExitCodes",
	 "operator:s values:[i"},
	{"CrossVersionObjectReference",
	 "apiVersion:s kind:s name:s"},
	{"DaemonEndpoint",
	 "Port:i"},
	{"DaemonSetSpec",
	 "minReadySeconds:i revisionHistoryLimit:i selector:@LabelSelector "
	 "template:@PodTemplateSpec updateStrategy:@DaemonSetUpdateStrategy"},
	{"DaemonSetUpdateStrategy",
	 "rollingUpdate:@RollingUpdateDaemonSet type:s"},
	{"DeploymentSpec",
	 "minReadySeconds:i paused:b progressDeadlineSeconds:i replicas:i "
	 "revisionHistoryLimit:i selector:@LabelSelector strategy:@DeploymentStrategy "
	 "template:@PodTemplateSpec"},
	{"DeploymentStrategy",
	 "rollingUpdate:@RollingUpdateDeployment type:s"},
	{"DownwardAPIProjection",
	 "items:[@DownwardAPIVolumeFile"},
	{"DownwardAPIVolumeFile",
	 "fieldRef:@ObjectFieldSelector mode:i path:s "
	 "resourceFieldRef:@ResourceFieldSelector"},
	{"DownwardAPIVolumeSource",
	 "defaultMode:i items:[@DownwardAPIVolumeFile"},
	{"EmptyDirVolumeSource",
	 "medium:s sizeLimit:q"},
	{"EnvFromSource",
	 "configMapRef:@ConfigMapEnvSource prefix:s secretRef:@SecretEnvSource"},
	{"EnvVar",
	 "name:s value:s valueFrom:@EnvVarSource"},
	{"EnvVarSource",
	 "configMapKeyRef:@ConfigMapKeySelector fieldRef:@ObjectFieldSelector "
	 "fileKeyRef:@FileKeySelector resourceFieldRef:@ResourceFieldSelector "
	 "secretKeyRef:@SecretKeySelector"},
	{"EphemeralContainer",
	 "args:[s command:[s env:[@EnvVar envFrom:[@EnvFromSource image:s imagePullPolicy:s "
	 "lifecycle:@Lifecycle livenessProbe:@Probe name:s ports:[@ContainerPort "
	 "readinessProbe:@Probe resizePolicy:[@ContainerResizePolicy "
	 "resources:@ResourceRequirements restartPolicy:s "
	 "restartPolicyRules:[@ContainerRestartRule securityContext:@SecurityContext "
	 "startupProbe:@Probe stdin:b stdinOnce:b targetContainerName:s "
	 "terminationMessagePath:s terminationMessagePolicy:s tty:b "
	 "volumeDevices:[@VolumeDevice volumeMounts:[@VolumeMount workingDir:s"},
	{"EphemeralVolumeSource",
	 "volumeClaimTemplate:@PersistentVolumeClaimTemplate"},
	{"ExecAction",
	 "command:[s"},
	{"ExternalMetricSource",
	 "metric:@MetricIdentifier target:@MetricTarget"},
	{"ExternalMetricStatus",
	 "current:@MetricValueStatus metric:@MetricIdentifier"},
	{"FCVolumeSource",
	 "fsType:s lun:i readOnly:b targetWWNs:[s wwids:[s"},
	{"FileKeySelector",
	 "key:s optional:b path:s volumeName:s"},
	{"FlexPersistentVolumeSource",
	 "driver:s fsType:s options:{s readOnly:b secretRef:@SecretReference"},
	{"FlexVolumeSource",
	 "driver:s fsType:s options:{s readOnly:b secretRef:@LocalObjectReference"},
	{"FlockerVolumeSource",
	 "datasetName:s datasetUUID:s"},
	{"GCEPersistentDiskVolumeSource",
	 "fsType:s partition:i pdName:s readOnly:b"},
	{"GRPCAction",
	 "port:i service:s"},
	{"GitRepoVolumeSource",
	 "directory:s repository:s revision:s"},
	{"GlusterfsPersistentVolumeSource",
	 "endpoints:s endpointsNamespace:s path:s readOnly:b"},
	{"GlusterfsVolumeSource",
	 "endpoints:s path:s readOnly:b"},
	{"HPAScalingPolicy",
	 "periodSeconds:i type:s value:i"},
	{"HPAScalingRules",
	 "policies:[@HPAScalingPolicy selectPolicy:s stabilizationWindowSeconds:i "
	 "tolerance:q"},
	{"HTTPGetAction",
	 "host:s httpHeaders:[@HTTPHeader path:s port:q scheme:s"},
	{"HTTPHeader",
	 "name:s value:s"},
	{"HorizontalPodAutoscaler",
	 "apiVersion:s kind:s metadata:@ObjectMeta spec:@HorizontalPodAutoscalerSpec "
	 "status:@HorizontalPodAutoscalerStatus"},
	{"HorizontalPodAutoscalerBehavior",
	 "scaleDown:@HPAScalingRules scaleUp:@HPAScalingRules"},
	{"HorizontalPodAutoscalerCondition",
	 "lastTransitionTime:s message:s reason:s status:s type:s"},
	{"HorizontalPodAutoscalerSpec",
	 "behavior:@HorizontalPodAutoscalerBehavior maxReplicas:i metrics:[@MetricSpec "
	 "minReplicas:i scaleTargetRef:@CrossVersionObjectReference"},
	{"HorizontalPodAutoscalerStatus",
	 "conditions:[@HorizontalPodAutoscalerCondition currentMetrics:[@MetricStatus "
	 "currentReplicas:i desiredReplicas:i lastScaleTime:s observedGeneration:i"},
	{"HostAlias",
	 "hostnames:[s ip:s"},
	{"HostPathVolumeSource",
	 "path:s type:s"},
	{"IPBlock",
	 "cidr:s except:[s"},
	{"ISCSIPersistentVolumeSource",
	 "chapAuthDiscovery:b chapAuthSession:b fsType:s initiatorName:s iqn:s "
	 "iscsiInterface:s lun:i portals:[s readOnly:b secretRef:@SecretReference "
	 "targetPortal:s"},
	{"ISCSIVolumeSource",
	 "chapAuthDiscovery:b chapAuthSession:b fsType:s initiatorName:s iqn:s "
	 "iscsiInterface:s lun:i portals:[s readOnly:b secretRef:@LocalObjectReference "
	 "targetPortal:s"},
	{"ImageVolumeSource",
	 "pullPolicy:s reference:s"},
	{"IngressClass",
	 "apiVersion:s kind:s metadata:@ObjectMeta spec:@IngressClassSpec"},
	{"IngressClassParametersReference",
	 "apiGroup:s kind:s name:s namespace:s scope:s"},
	{"IngressClassSpec",
	 "controller:s parameters:@IngressClassParametersReference"},
	{"JobSpec",
	 "activeDeadlineSeconds:i backoffLimit:i backoffLimitPerIndex:i completionMode:s "
	 "completions:i managedBy:s manualSelector:b maxFailedIndexes:i parallelism:i "
	 "podFailurePolicy:@PodFailurePolicy podReplacementPolicy:s selector:@LabelSelector "
	 "successPolicy:@SuccessPolicy suspend:b template:@PodTemplateSpec "
	 "ttlSecondsAfterFinished:i"},
	{"KeyToPath",
	 "key:s mode:i path:s"},
	{"LabelSelector",
	 "matchExpressions:[@LabelSelectorRequirement matchLabels:{s"},
	{"LabelSelectorRequirement",
	 "key:s operator:s values:[s"},
	{"Lifecycle",
	 "postStart:@LifecycleHandler preStop:@LifecycleHandler stopSignal:s"},
	{"LifecycleHandler",
	 "exec:@ExecAction httpGet:@HTTPGetAction sleep:@SleepAction "
	 "tcpSocket:@TCPSocketAction"},
	{"LimitRange",
	 "apiVersion:s kind:s metadata:@ObjectMeta spec:@LimitRangeSpec"},
	{"LimitRangeItem",
	 "default:{q defaultRequest:{q max:{q maxLimitRequestRatio:{q min:{q type:s"},
	{"LimitRangeSpec",
	 "limits:[@LimitRangeItem"},
	{"LocalObjectReference",
	 "name:s"},
	{"LocalVolumeSource",
	 "fsType:s path:s"},
	{"ManagedFieldsEntry",
	 "apiVersion:s fieldsType:s fieldsV1:o manager:s operation:s subresource:s time:s"},
	{"MetricIdentifier",
	 "name:s selector:@LabelSelector"},
	{"MetricSpec",
	 "containerResource:@ContainerResourceMetricSource external:@ExternalMetricSource "
	 "object:@ObjectMetricSource pods:@PodsMetricSource resource:@ResourceMetricSource "
	 "type:s"},
	{"MetricStatus",
	 "containerResource:@ContainerResourceMetricStatus external:@ExternalMetricStatus "
	 "object:@ObjectMetricStatus pods:@PodsMetricStatus resource:@ResourceMetricStatus "
	 "type:s"},
	{"MetricTarget",
	 "averageUtilization:i averageValue:q type:s value:q"},
	{"MetricValueStatus",
	 "averageUtilization:i averageValue:q value:q"},
	{"ModifyVolumeStatus",
	 "status:s targetVolumeAttributesClassName:s"},
	{"NFSVolumeSource",
	 "path:s readOnly:b server:s"},
	{"Namespace",
	 "apiVersion:s kind:s metadata:@ObjectMeta spec:@NamespaceSpec "
	 "status:@NamespaceStatus"},
	{"NamespaceCondition",
	 "lastTransitionTime:s message:s reason:s status:s type:s"},
	{"NamespaceSpec",
	 "finalizers:[s"},
	{"NamespaceStatus",
	 "conditions:[@NamespaceCondition phase:s"},
	{"NetworkPolicy",
	 "apiVersion:s kind:s metadata:@ObjectMeta spec:@NetworkPolicySpec"},
	{"NetworkPolicyEgressRule",
	 "ports:[@NetworkPolicyPort to:[@NetworkPolicyPeer"},
	{"NetworkPolicyIngressRule",
	 "from:[@NetworkPolicyPeer ports:[@NetworkPolicyPort"},
	{"NetworkPolicyPeer",
	 "ipBlock:@IPBlock namespaceSelector:@LabelSelector podSelector:@LabelSelector"},
	{"NetworkPolicyPort",
	 "endPort:i port:q protocol:s"},
	{"NetworkPolicySpec",
	 "egress:[@NetworkPolicyEgressRule ingress:[@NetworkPolicyIngressRule "
	 "podSelector:@LabelSelector policyTypes:[s"},
	{"Node",
	 "apiVersion:s kind:s metadata:@ObjectMeta spec:@NodeSpec status:@NodeStatus"},
	{"NodeAddress",
	 "address:s type:s"},
	{"NodeAffinity",
	 "preferredDuringSchedulingIgnoredDuringExecution:[@PreferredSchedulingTerm "
	 "requiredDuringSchedulingIgnoredDuringExecution:@NodeSelector"},
	{"NodeCondition",
	 "lastHeartbeatTime:s lastTransitionTime:s message:s reason:s status:s type:s"},
	{"NodeConfigSource",
	 "configMap:@ConfigMapNodeConfigSource"},
	{"NodeConfigStatus",
	 "active:@NodeConfigSource assigned:@NodeConfigSource error:s "
	 "lastKnownGood:@NodeConfigSource"},
	{"NodeDaemonEndpoints",
	 "kubeletEndpoint:@DaemonEndpoint"},
	{"NodeFeatures",
	 "supplementalGroupsPolicy:b"},
	{"NodeRuntimeHandler",
	 "features:@NodeRuntimeHandlerFeatures name:s"},
	{"NodeRuntimeHandlerFeatures",
	 "recursiveReadOnlyMounts:b userNamespaces:b"},
	{"NodeSelector",
	 "nodeSelectorTerms:[@NodeSelectorTerm"},
	{"NodeSelectorRequirement",
	 "key:s operator:s values:[s"},
	{"NodeSelectorTerm",
	 "matchExpressions:[@NodeSelectorRequirement matchFields:[@NodeSelectorRequirement"},
	{"NodeSpec",
	 "configSource:@NodeConfigSource externalID:s podCIDR:s podCIDRs:[s providerID:s "
	 "taints:[@Taint unschedulable:b"},
	{"NodeStatus",
	 "addresses:[@NodeAddress allocatable:{q capacity:{q conditions:[@NodeCondition "
	 "config:@NodeConfigStatus daemonEndpoints:@NodeDaemonEndpoints "
	 "features:@NodeFeatures images:[@ContainerImage nodeInfo:@NodeSystemInfo phase:s "
	 "runtimeHandlers:[@NodeRuntimeHandler volumesAttached:[@AttachedVolume "
	 "volumesInUse:[s"},
	{"NodeSwapStatus",
	 "capacity:i"},
	{"NodeSystemInfo",
	 "architecture:s bootID:s containerRuntimeVersion:s kernelVersion:s "
	 "kubeProxyVersion:s kubeletVersion:s machineID:s operatingSystem:s osImage:s "
	 "swap:@NodeSwapStatus systemUUID:s"},
	{"ObjectFieldSelector",
	 "apiVersion:s fieldPath:s"},
	{"ObjectMeta",
	 "annotations:{s creationTimestamp:s deletionGracePeriodSeconds:i "
	 "deletionTimestamp:s finalizers:[s generateName:s generation:i labels:{s "
	 "managedFields:[@ManagedFieldsEntry name:s namespace:s "
	 "ownerReferences:[@OwnerReference resourceVersion:s selfLink:s uid:s"},
	{"ObjectMetricSource",
	 "describedObject:@CrossVersionObjectReference metric:@MetricIdentifier "
	 "target:@MetricTarget"},
	{"ObjectMetricStatus",
	 "current:@MetricValueStatus describedObject:@CrossVersionObjectReference "
	 "metric:@MetricIdentifier"},
	{"ObjectReference",
	 "apiVersion:s fieldPath:s kind:s name:s namespace:s resourceVersion:s uid:s"},
	{"Overhead",
	 "podFixed:{q"},
	{"OwnerReference",
	 "apiVersion:s blockOwnerDeletion:b controller:b kind:s name:s uid:s"},
	{"PersistentVolume",
	 "apiVersion:s kind:s metadata:@ObjectMeta spec:@PersistentVolumeSpec "
	 "status:@PersistentVolumeStatus"},
	{"PersistentVolumeClaim",
	 "apiVersion:s kind:s metadata:@ObjectMeta spec:@PersistentVolumeClaimSpec "
	 "status:@PersistentVolumeClaimStatus"},
	{"PersistentVolumeClaimCondition",
	 "lastProbeTime:s lastTransitionTime:s message:s reason:s status:s type:s"},
	{"PersistentVolumeClaimSpec",
	 "accessModes:[s dataSource:@TypedLocalObjectReference "
	 "dataSourceRef:@TypedObjectReference resources:@VolumeResourceRequirements "
	 "selector:@LabelSelector storageClassName:s volumeAttributesClassName:s "
	 "volumeMode:s volumeName:s"},
	{"PersistentVolumeClaimStatus",
	 "accessModes:[s allocatedResourceStatuses:{s allocatedResources:{q capacity:{q "
	 "conditions:[@PersistentVolumeClaimCondition currentVolumeAttributesClassName:s "
	 "modifyVolumeStatus:@ModifyVolumeStatus phase:s"},
	{"PersistentVolumeClaimTemplate",
	 "metadata:@ObjectMeta spec:@PersistentVolumeClaimSpec"},
	{"PersistentVolumeClaimVolumeSource",
	 "claimName:s readOnly:b"},
	{"PersistentVolumeSpec",
	 "accessModes:[s awsElasticBlockStore:@AWSElasticBlockStoreVolumeSource "
	 "azureDisk:@AzureDiskVolumeSource azureFile:@AzureFilePersistentVolumeSource "
	 "capacity:{q cephfs:@CephFSPersistentVolumeSource "
	 "cinder:@CinderPersistentVolumeSource claimRef:@ObjectReference "
	 "csi:@CSIPersistentVolumeSource fc:@FCVolumeSource "
	 "flexVolume:@FlexPersistentVolumeSource flocker:@FlockerVolumeSource "
	 "gcePersistentDisk:@GCEPersistentDiskVolumeSource "
	 "glusterfs:@GlusterfsPersistentVolumeSource hostPath:@HostPathVolumeSource "
	 "iscsi:@ISCSIPersistentVolumeSource local:@LocalVolumeSource mountOptions:[s "
	 "nfs:@NFSVolumeSource nodeAffinity:@VolumeNodeAffinity "
	 "persistentVolumeReclaimPolicy:s "
	 "photonPersistentDisk:@PhotonPersistentDiskVolumeSource "
	 "portworxVolume:@PortworxVolumeSource quobyte:@QuobyteVolumeSource "
	 "rbd:@RBDPersistentVolumeSource scaleIO:@ScaleIOPersistentVolumeSource "
	 "storageClassName:s storageos:@StorageOSPersistentVolumeSource "
	 "volumeAttributesClassName:s volumeMode:s "
	 "vsphereVolume:@VsphereVirtualDiskVolumeSource"},
	{"PersistentVolumeStatus",
	 "lastPhaseTransitionTime:s message:s phase:s reason:s"},
	{"PhotonPersistentDiskVolumeSource",
	 "fsType:s pdID:s"},
	{"PodAffinity",
	 "preferredDuringSchedulingIgnoredDuringExecution:[@WeightedPodAffinityTerm "
	 "requiredDuringSchedulingIgnoredDuringExecution:[@PodAffinityTerm"},
	{"PodAffinityTerm",
	 "labelSelector:@LabelSelector matchLabelKeys:[s mismatchLabelKeys:[s "
	 "namespaceSelector:@LabelSelector namespaces:[s topologyKey:s"},
	{"PodAntiAffinity",
	 "preferredDuringSchedulingIgnoredDuringExecution:[@WeightedPodAffinityTerm "
	 "requiredDuringSchedulingIgnoredDuringExecution:[@PodAffinityTerm"},
	{"PodCertificateProjection",
	 "certificateChainPath:s credentialBundlePath:s keyPath:s keyType:s "
	 "maxExpirationSeconds:i signerName:s"},
	{"PodDNSConfig",
	 "nameservers:[s options:[@PodDNSConfigOption searches:[s"},
	{"PodDNSConfigOption",
	 "name:s value:s"},
	{"PodDisruptionBudget",
	 "apiVersion:s kind:s metadata:@ObjectMeta spec:@PodDisruptionBudgetSpec "
	 "status:@PodDisruptionBudgetStatus"},
	{"PodDisruptionBudgetSpec",
	 "maxUnavailable:q minAvailable:q selector:@LabelSelector "
	 "unhealthyPodEvictionPolicy:s"},
	{"PodDisruptionBudgetStatus",
	 "conditions:[@Condition currentHealthy:i desiredHealthy:i disruptedPods:{s "
	 "disruptionsAllowed:i expectedPods:i observedGeneration:i"},
	{"PodFailurePolicy",
	 "rules:[@PodFailurePolicyRule"},
	{"PodFailurePolicyOnExitCodesRequirement",
	 "containerName:s operator:s values:[i"},
	{"PodFailurePolicyOnPodConditionsPattern",
	 "status:s type:s"},
	{"PodFailurePolicyRule",
	 "action:s onExitCodes:@PodFailurePolicyOnExitCodesRequirement "
	 "onPodConditions:[@PodFailurePolicyOnPodConditionsPattern"},
	{"PodOS",
	 "name:s"},
	{"PodReadinessGate",
	 "conditionType:s"},
	{"PodResourceClaim",
	 "name:s resourceClaimName:s resourceClaimTemplateName:s"},
	{"PodSchedulingGate",
	 "name:s"},
	{"PodSecurityContext",
	 "appArmorProfile:@AppArmorProfile fsGroup:i fsGroupChangePolicy:s runAsGroup:i "
	 "runAsNonRoot:b runAsUser:i seLinuxChangePolicy:s seLinuxOptions:@SELinuxOptions "
	 "seccompProfile:@SeccompProfile supplementalGroups:[i supplementalGroupsPolicy:s "
	 "sysctls:[@Sysctl windowsOptions:@WindowsSecurityContextOptions"},
	{"PodSpec",
	 "activeDeadlineSeconds:i affinity:@Affinity automountServiceAccountToken:b "
	 "containers:[@Container dnsConfig:@PodDNSConfig dnsPolicy:s enableServiceLinks:b "
	 "ephemeralContainers:[@EphemeralContainer hostAliases:[@HostAlias hostIPC:b "
	 "hostNetwork:b hostPID:b hostUsers:b hostname:s hostnameOverride:s "
	 "imagePullSecrets:[@LocalObjectReference initContainers:[@Container nodeName:s "
	 "nodeSelector:{s os:@PodOS overhead:{q preemptionPolicy:s priority:i "
	 "priorityClassName:s readinessGates:[@PodReadinessGate "
	 "resourceClaims:[@PodResourceClaim resources:@ResourceRequirements restartPolicy:s "
	 "runtimeClassName:s schedulerName:s schedulingGates:[@PodSchedulingGate "
	 "securityContext:@PodSecurityContext serviceAccount:s serviceAccountName:s "
	 "setHostnameAsFQDN:b shareProcessNamespace:b subdomain:s "
	 "terminationGracePeriodSeconds:i tolerations:[@Toleration "
	 "topologySpreadConstraints:[@TopologySpreadConstraint volumes:[@Volume"},
	{"PodTemplateSpec",
	 "metadata:@ObjectMeta spec:@PodSpec"},
	{"PodsMetricSource",
	 "metric:@MetricIdentifier target:@MetricTarget"},
	{"PodsMetricStatus",
	 "current:@MetricValueStatus metric:@MetricIdentifier"},
	{"PolicyRule",
	 "apiGroups:[s nonResourceURLs:[s resourceNames:[s resources:[s verbs:[s"},
	{"PortworxVolumeSource",
	 "fsType:s readOnly:b volumeID:s"},
	{"PreferredSchedulingTerm",
	 "preference:@NodeSelectorTerm weight:i"},
	{"PriorityClass",
	 "apiVersion:s description:s globalDefault:b kind:s metadata:@ObjectMeta "
	 "preemptionPolicy:s value:i"},
	{"Probe",
	 "exec:@ExecAction failureThreshold:i grpc:@GRPCAction httpGet:@HTTPGetAction "
	 "initialDelaySeconds:i periodSeconds:i successThreshold:i "
	 "tcpSocket:@TCPSocketAction terminationGracePeriodSeconds:i timeoutSeconds:i"},
	{"ProjectedVolumeSource",
	 "defaultMode:i sources:[@VolumeProjection"},
	{"QuobyteVolumeSource",
	 "group:s readOnly:b registry:s tenant:s user:s volume:s"},
	{"RBDPersistentVolumeSource",
	 "fsType:s image:s keyring:s monitors:[s pool:s readOnly:b "
	 "secretRef:@SecretReference user:s"},
	{"RBDVolumeSource",
	 "fsType:s image:s keyring:s monitors:[s pool:s readOnly:b "
	 "secretRef:@LocalObjectReference user:s"},
	{"ReplicaSetSpec",
	 "minReadySeconds:i replicas:i selector:@LabelSelector template:@PodTemplateSpec"},
	{"ReplicationControllerSpec",
	 "minReadySeconds:i replicas:i selector:{s template:@PodTemplateSpec"},
	{"ResourceClaim",
	 "name:s request:s"},
	{"ResourceFieldSelector",
	 "containerName:s divisor:q resource:s"},
	{"ResourceMetricSource",
	 "name:s target:@MetricTarget"},
	{"ResourceMetricStatus",
	 "current:@MetricValueStatus name:s"},
	{"ResourceQuota",
	 "apiVersion:s kind:s metadata:@ObjectMeta spec:@ResourceQuotaSpec "
	 "status:@ResourceQuotaStatus"},
	{"ResourceQuotaSpec",
	 "hard:{q scopeSelector:@ScopeSelector scopes:[s"},
	{"ResourceQuotaStatus",
	 "hard:{q used:{q"},
	{"ResourceRequirements",
	 "claims:[@ResourceClaim limits:{q requests:{q"},
	{"Role",
	 "apiVersion:s kind:s metadata:@ObjectMeta rules:[@PolicyRule"},
	{"RoleBinding",
	 "apiVersion:s kind:s metadata:@ObjectMeta roleRef:@RoleRef subjects:[@Subject"},
	{"RoleRef",
	 "apiGroup:s kind:s name:s"},
	{"RollingUpdateDaemonSet",
	 "maxSurge:q maxUnavailable:q"},
	{"RollingUpdateDeployment",
	 "maxSurge:q maxUnavailable:q"},
	{"RollingUpdateStatefulSetStrategy",
	 "maxUnavailable:q partition:i"},
	{"RuntimeClass",
	 "apiVersion:s handler:s kind:s metadata:@ObjectMeta overhead:@Overhead "
	 "scheduling:@Scheduling"},
	{"SELinuxOptions",
	 "level:s role:s type:s user:s"},
	{"ScaleIOPersistentVolumeSource",
	 "fsType:s gateway:s protectionDomain:s readOnly:b secretRef:@SecretReference "
	 "sslEnabled:b storageMode:s storagePool:s system:s volumeName:s"},
	{"ScaleIOVolumeSource",
	 "fsType:s gateway:s protectionDomain:s readOnly:b secretRef:@LocalObjectReference "
	 "sslEnabled:b storageMode:s storagePool:s system:s volumeName:s"},
	{"Scheduling",
	 "nodeSelector:{s tolerations:[@Toleration"},
	{"ScopeSelector",
	 "matchExpressions:[@ScopedResourceSelectorRequirement"},
	{"ScopedResourceSelectorRequirement",
	 "operator:s scopeName:s values:[s"},
	{"SeccompProfile",
	 "localhostProfile:s type:s"},
	{"SecretEnvSource",
	 "name:s optional:b"},
	{"SecretKeySelector",
	 "key:s name:s optional:b"},
	{"SecretProjection",
	 "items:[@KeyToPath name:s optional:b"},
	{"SecretReference",
	 "name:s namespace:s"},
	{"SecretVolumeSource",
	 "defaultMode:i items:[@KeyToPath optional:b secretName:s"},
	{"SecurityContext",
	 "allowPrivilegeEscalation:b appArmorProfile:@AppArmorProfile "
	 "capabilities:@Capabilities privileged:b procMount:s readOnlyRootFilesystem:b "
	 "runAsGroup:i runAsNonRoot:b runAsUser:i seLinuxOptions:@SELinuxOptions "
	 "seccompProfile:@SeccompProfile windowsOptions:@WindowsSecurityContextOptions"},
	{"ServiceAccount",
	 "apiVersion:s automountServiceAccountToken:b "
	 "imagePullSecrets:[@LocalObjectReference kind:s metadata:@ObjectMeta "
	 "secrets:[@ObjectReference"},
	{"ServiceAccountTokenProjection",
	 "audience:s expirationSeconds:i path:s"},
	{"ServicePort",
	 "appProtocol:s name:s nodePort:i port:i protocol:s targetPort:q"},
	{"ServiceSpec",
	 "allocateLoadBalancerNodePorts:b clusterIP:s clusterIPs:[s externalIPs:[s "
	 "externalName:s externalTrafficPolicy:s healthCheckNodePort:i "
	 "internalTrafficPolicy:s ipFamilies:[s ipFamilyPolicy:s loadBalancerClass:s "
	 "loadBalancerIP:s loadBalancerSourceRanges:[s ports:[@ServicePort "
	 "publishNotReadyAddresses:b selector:{s sessionAffinity:s "
	 "sessionAffinityConfig:@SessionAffinityConfig trafficDistribution:s type:s"},
	{"SessionAffinityConfig",
	 "clientIP:@ClientIPConfig"},
	{"SleepAction",
	 "seconds:i"},
	{"StatefulSetOrdinals",
	 "start:i"},
	{"StatefulSetPersistentVolumeClaimRetentionPolicy",
	 "whenDeleted:s whenScaled:s"},
	{"StatefulSetSpec",
	 "minReadySeconds:i ordinals:@StatefulSetOrdinals "
	 "persistentVolumeClaimRetentionPolicy:@StatefulSetPersistentVolumeClaimRetentionPolicy "
	 "podManagementPolicy:s replicas:i revisionHistoryLimit:i selector:@LabelSelector "
	 "serviceName:s template:@PodTemplateSpec updateStrategy:@StatefulSetUpdateStrategy "
	 "volumeClaimTemplates:[@PersistentVolumeClaim"},
	{"StatefulSetUpdateStrategy",
	 "rollingUpdate:@RollingUpdateStatefulSetStrategy type:s"},
	{"StorageClass",
	 "allowVolumeExpansion:b allowedTopologies:[@TopologySelectorTerm apiVersion:s "
	 "kind:s metadata:@ObjectMeta mountOptions:[s parameters:{s provisioner:s "
	 "reclaimPolicy:s volumeBindingMode:s"},
	{"StorageOSPersistentVolumeSource",
	 "fsType:s readOnly:b secretRef:@ObjectReference volumeName:s volumeNamespace:s"},
	{"StorageOSVolumeSource",
	 "fsType:s readOnly:b secretRef:@LocalObjectReference volumeName:s "
	 "volumeNamespace:s"},
	{"Subject",
	 "apiGroup:s kind:s name:s namespace:s"},
	{"SuccessPolicy",
	 "rules:[@SuccessPolicyRule"},
	{"SuccessPolicyRule",
	 "succeededCount:i succeededIndexes:s"},
	{"Sysctl",
	 "name:s value:s"},
	{"TCPSocketAction",
	 "host:s port:q"},
	{"Taint",
	 "effect:s key:s timeAdded:s value:s"},
	{"Toleration",
	 "effect:s key:s operator:s tolerationSeconds:i value:s"},
	{"TopologySelectorLabelRequirement",
	 "key:s values:[s"},
	{"TopologySelectorTerm",
	 "matchLabelExpressions:[@TopologySelectorLabelRequirement"},
	{"TopologySpreadConstraint",
	 "labelSelector:@LabelSelector matchLabelKeys:[s maxSkew:i minDomains:i "
	 "nodeAffinityPolicy:s nodeTaintsPolicy:s topologyKey:s whenUnsatisfiable:s"},
	{"TypedLocalObjectReference",
	 "apiGroup:s kind:s name:s"},
	{"TypedObjectReference",
	 "apiGroup:s kind:s name:s namespace:s"},
	{"Volume",
	 "awsElasticBlockStore:@AWSElasticBlockStoreVolumeSource "
	 "azureDisk:@AzureDiskVolumeSource azureFile:@AzureFileVolumeSource "
	 "cephfs:@CephFSVolumeSource cinder:@CinderVolumeSource "
	 "configMap:@ConfigMapVolumeSource csi:@CSIVolumeSource "
	 "downwardAPI:@DownwardAPIVolumeSource emptyDir:@EmptyDirVolumeSource "
	 "ephemeral:@EphemeralVolumeSource fc:@FCVolumeSource flexVolume:@FlexVolumeSource "
	 "flocker:@FlockerVolumeSource gcePersistentDisk:@GCEPersistentDiskVolumeSource "
	 "gitRepo:@GitRepoVolumeSource glusterfs:@GlusterfsVolumeSource "
	 "hostPath:@HostPathVolumeSource image:@ImageVolumeSource iscsi:@ISCSIVolumeSource "
	 "name:s nfs:@NFSVolumeSource "
	 "persistentVolumeClaim:@PersistentVolumeClaimVolumeSource "
	 "photonPersistentDisk:@PhotonPersistentDiskVolumeSource "
	 "portworxVolume:@PortworxVolumeSource projected:@ProjectedVolumeSource "
	 "quobyte:@QuobyteVolumeSource rbd:@RBDVolumeSource scaleIO:@ScaleIOVolumeSource "
	 "secret:@SecretVolumeSource storageos:@StorageOSVolumeSource "
	 "vsphereVolume:@VsphereVirtualDiskVolumeSource"},
	{"VolumeDevice",
	 "devicePath:s name:s"},
	{"VolumeMount",
	 "mountPath:s mountPropagation:s name:s readOnly:b recursiveReadOnly:s subPath:s "
	 "subPathExpr:s"},
	{"VolumeNodeAffinity",
	 "required:@NodeSelector"},
	{"VolumeProjection",
	 "clusterTrustBundle:@ClusterTrustBundleProjection configMap:@ConfigMapProjection "
	 "downwardAPI:@DownwardAPIProjection podCertificate:@PodCertificateProjection "
	 "secret:@SecretProjection serviceAccountToken:@ServiceAccountTokenProjection"},
	{"VolumeResourceRequirements",
	 "limits:{q requests:{q"},
	{"VsphereVirtualDiskVolumeSource",
	 "fsType:s storagePolicyID:s storagePolicyName:s volumePath:s"},
	{"WeightedPodAffinityTerm",
	 "podAffinityTerm:@PodAffinityTerm weight:i"},
	{"WindowsSecurityContextOptions",
	 "gmsaCredentialSpec:s gmsaCredentialSpecName:s hostProcess:b runAsUserName:s"},
};
const size_t schema_type_count = sizeof(schema_types) / sizeof(schema_types[0]);
