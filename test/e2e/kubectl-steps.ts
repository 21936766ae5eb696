/** One command line as a user types it, and what they see. */
export interface Step {
  /** Words after `kubectl`; NS stands for the namespace, NODE for the node, DIR for a folder of manifests. */
  line: string
  /** In what it prints, either stream. */
  sees: RegExp
  /** Exit code, where it is not 0. */
  code?: number
  /** Minor version of the first and last kubectl that knows the command. */
  since?: number
  until?: number
  input?: string
  env?: Record<string, string>
}

/** Files that the steps work on. */
export const MANIFESTS: Readonly<Record<string, string>> = {
  'web.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - {name: web, image: web, imagePullPolicy: IfNotPresent, ports: [{name: http, containerPort: 8080}]}
`,
  'bad.yaml': `apiVersion: v1
kind: Pod
metadata: {name: bad}
spec:
  containers: [{name: Bad_Name, image: busybox}]
`,
  'typo.yaml': `apiVersion: v1
kind: Pod
metadata: {name: typo}
spec:
  contianers: [{name: a, image: busybox}]
`,
  'pod.yaml': `apiVersion: v1
kind: Pod
metadata: {name: one, labels: {app: one}}
spec:
  terminationGracePeriodSeconds: 1
  containers: [{name: main, image: busybox, imagePullPolicy: IfNotPresent, command: [sleep, "3600"]}]
`,
  'other.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {set: prune}}
data: {color: red}
`,
  'request.yaml': `apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: signing-NS}
spec: {request: REQUEST, signerName: kubernetes.io/kube-apiserver-client, usages: [client auth]}
`,
  'kustomization.yaml': `namePrefix: k-
resources: [config.yaml]
`,
  'config.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {set: prune}}
data: {color: blue}
`,
}

/** In the order of a day's work; each step may lean on what earlier ones have made. */
export const STEPS: readonly Step[] = [
  // create and look
  { line: 'create configmap cm --from-literal=a=b', sees: /configmap\/cm created/ },
  {
    line: 'create configmap cm --from-literal=a=b',
    sees: /configmaps "cm" already exists/,
    code: 1,
  },
  { line: 'create secret generic s1 --from-literal=p=q', sees: /secret\/s1 created/ },
  { line: 'create sa robot', sees: /serviceaccount\/robot created/ },
  { line: 'create role reader --verb=get --resource=pods', sees: /role.*reader created/ },
  { line: 'create rolebinding readers --role=reader --user=ann', sees: /readers created/ },
  { line: 'create quota q1 --hard=pods=20', sees: /resourcequota\/q1 created/ },
  { line: 'create pdb p1 --selector=app=web --min-available=1', sees: /p1 created/, since: 27 },
  { line: 'create service clusterip plain --tcp=80:80', sees: /service\/plain created/ },
  { line: 'create ingress i1 --rule=h.example/=web:80', sees: /i1 created/ },
  { line: 'create deployment dry --image=web --dry-run=server -o name', sees: /deployment.apps\/dry/ },
  { line: 'get deployment dry', sees: /\(NotFound\).*deployments.apps "dry" not found/, code: 1 },
  { line: 'get nonsense', sees: /the server doesn't have a resource type "nonsense"/, code: 1 },
  { line: 'create -f DIR/bad.yaml', sees: /spec\.containers\[0\]\.name: Invalid value: "Bad_Name"/, code: 1 },
  { line: 'create -f DIR/typo.yaml', sees: /unknown field.*contianers/, code: 1 },
  // apply, both ways
  { line: 'apply -f DIR/web.yaml', sees: /deployment.apps\/web created/ },
  { line: 'rollout status deployment/web --timeout=180s', sees: /successfully rolled out/ },
  { line: 'apply -f DIR/web.yaml', sees: /deployment.apps\/web (unchanged|configured)/ },
  { line: 'diff -f DIR/web.yaml', sees: /^$/ },
  { line: 'apply --server-side --force-conflicts -f DIR/web.yaml', sees: /web serverside-applied/ },
  { line: 'apply -k DIR', sees: /configmap\/k-settings created/ },
  { line: 'apply -f DIR/config.yaml --prune -l set=prune', sees: /configmap\/settings created/, since: 21 },
  { line: 'create -f DIR/config.yaml', sees: /configmap\/settings created/, until: 20 },
  { line: 'diff -f DIR/other.yaml', sees: /- {2}color: blue\n\+ {2}color: red/, code: 1 },
  { line: 'replace -f DIR/other.yaml', sees: /configmap\/settings replaced/ },
  { line: 'edit configmap settings', sees: /configmap\/settings edited/, env: { KUBE_EDITOR: 'sed -i s/red/green/' } },
  { line: 'get configmap settings -o jsonpath={.data.color}', sees: /^green$/ },
  { line: 'edit configmap settings', sees: /Edit cancelled, no changes made/, env: { KUBE_EDITOR: 'true' } },
  // get in every form
  { line: 'get deploy,rs,pods -o wide', sees: /deployment.apps\/web +2\/2 +2 +2 .*web +web +app=web/ },
  { line: 'get deploy web -o yaml', sees: /kind: Deployment[\s\S]*replicas: 2/ },
  { line: 'get deploy web -o json', sees: /"kind": "Deployment"/ },
  { line: 'get deploy web -o name', sees: /^deployment.apps\/web\n$/ },
  { line: 'get deploy web -o jsonpath={.spec.replicas}', sees: /^2$/ },
  { line: 'get deploy web -o go-template={{.spec.replicas}}', sees: /^2$/ },
  { line: 'get deploy -o custom-columns=N:.metadata.name,R:.spec.replicas', sees: /N +R\nweb +2/ },
  { line: 'get pods -A --sort-by=.metadata.name', sees: /^NAMESPACE +NAME/ },
  { line: 'get pods -l app=web --show-labels', sees: /app=web,pod-template-hash=/ },
  { line: 'get pods --field-selector=status.phase=Running', sees: /web-.*Running/ },
  { line: 'get all', sees: /replicaset.apps\/web-/ },
  { line: 'get --raw /api/v1/namespaces/NS/configmaps/cm', sees: /"a":"b"/ },
  { line: 'describe deploy web', sees: /StrategyType: +RollingUpdate[\s\S]*ScalingReplicaSet/ },
  { line: 'describe node NODE', sees: /Conditions:[\s\S]*Ready +True[\s\S]*Non-terminated Pods:/ },
  // change
  { line: 'scale deployment web --replicas=3', sees: /web scaled/ },
  { line: 'autoscale deployment web --min=1 --max=4 --cpu-percent=50', sees: /web autoscaled/ },
  { line: 'get hpa web', sees: /Deployment\/web/ },
  { line: 'delete hpa web', sees: /"web" deleted/ },
  { line: 'expose deployment web --port=80 --target-port=8080', sees: /service\/web exposed/ },
  { line: 'describe svc web', sees: /TargetPort: +8080\/TCP[\s\S]*Endpoints: +\d+\./ },
  { line: 'set env deployment/web COLOR=green', sees: /web env updated/ },
  { line: 'set resources deployment/web --requests=cpu=10m', sees: /resource requirements updated/ },
  { line: 'set image deployment/web web=nginx', sees: /web image updated/ },
  { line: 'rollout history deployment/web', sees: /REVISION[\s\S]*1 +<none>/ },
  { line: 'rollout undo deployment/web', sees: /web rolled back/ },
  { line: 'rollout pause deployment/web', sees: /web paused/ },
  { line: 'rollout resume deployment/web', sees: /web resumed/ },
  { line: 'rollout restart deployment/web', sees: /web restarted/ },
  { line: 'rollout status deployment/web --timeout=180s', sees: /successfully rolled out/ },
  { line: 'label deploy web tier=front', sees: /web labeled/ },
  { line: 'annotate deploy web note=hello', sees: /web annotate/ },
  { line: 'patch deploy web -p {"spec":{"replicas":2}}', sees: /web patched/ },
  { line: 'patch deploy web --type=merge -p {"metadata":{"labels":{"z":"1"}}}', sees: /web patched/ },
  { line: 'patch deploy web --type=json -p [{"op":"remove","path":"/metadata/labels/z"}]', sees: /web patched/ },
  { line: 'taint node NODE NS=now:PreferNoSchedule', sees: /NODE tainted/ },
  { line: 'taint node NODE NS-', sees: /NODE untainted/ },
  { line: 'cordon NODE', sees: /NODE (already )?cordoned/ },
  { line: 'uncordon NODE', sees: /NODE (already )?uncordoned/ },
  // a pod's insides
  { line: 'apply -f DIR/pod.yaml', sees: /pod\/one created/ },
  { line: 'wait --for=condition=Ready pod/one --timeout=180s', sees: /condition met/ },
  { line: 'exec one -- sh -c exit\t3', sees: /exit code 3/, code: 3 },
  { line: 'exec -i one -- cat', sees: /^typed$/, input: 'typed' },
  { line: 'cp DIR/config.yaml one:/tmp/config.yaml', sees: /^$/ },
  { line: 'exec one -- cat /tmp/config.yaml', sees: /color: blue/ },
  { line: 'logs deploy/web --tail=1', sees: /listening as|GET|web/ },
  { line: 'replace --force -f DIR/pod.yaml', sees: /pod\/one replaced/ },
  { line: 'wait --for=condition=Ready pod/one --timeout=180s', sees: /condition met/ },
  { line: 'debug one --image=busybox --image-pull-policy=IfNotPresent -c probe -- sleep 60', sees: /^/ },
  {
    line: 'run once --image=busybox --image-pull-policy=IfNotPresent --restart=Never -- true',
    sees: /pod\/once created/,
  },
  { line: 'events', sees: /SuccessfulCreate/, since: 27 },
  { line: 'get events --field-selector=reason=Scheduled', sees: /Successfully assigned NS\/one to NODE/ },
  // jobs
  { line: 'create job j1 --image=busybox -- true', sees: /job.batch\/j1 created/ },
  { line: 'create cronjob c1 --image=busybox --schedule=0\t0\t*\t*\t* -- true', sees: /c1 created/, since: 21 },
  { line: 'create job from-cron --from=cronjob/c1', sees: /from-cron created/, since: 21 },
  // who am I, what is there
  { line: 'auth can-i create pods', sees: /^yes/ },
  { line: 'auth can-i --list', sees: /\*\.\*/ },
  { line: 'auth can-i delete pods --as=ann', sees: /^no/, code: 1 },
  { line: 'auth can-i get pods --as=ann', sees: /^yes/ },
  { line: 'auth whoami', sees: /kubernetes-admin/, since: 28 },
  { line: 'create token robot', sees: /^eyJ/, since: 27 },
  { line: 'api-resources --api-group=apps', sees: /deployments +deploy +apps\/v1 +true +Deployment/ },
  { line: 'api-versions', sees: /^batch\/v1$/m },
  { line: 'explain pod.spec.containers', sees: /FIELDS?:?[\s\S]*imagePullPolicy/ },
  { line: 'explain deployment --recursive', sees: /maxSurge/ },
  { line: 'cluster-info', sees: /is running at/ },
  { line: 'version', sees: /Server Version/ },
  { line: 'top node', sees: /NODE|[Mm]etrics/, code: -1 },
  { line: 'cluster-info dump', sees: /"kind": "(PodList|NodeList)"[\s\S]*"name": "web-/ },
  { line: 'config view', sees: /certificate-authority-data: DATA\+OMITTED/ },
  { line: 'create -f DIR/request.yaml', sees: /signing-NS created/ },
  { line: 'certificate approve signing-NS', sees: /signing-NS approved/ },
  { line: 'get csr signing-NS', sees: /kubernetes-admin[\s\S]*Approved/ },
  { line: 'delete csr signing-NS', sees: /"signing-NS" deleted/ },
  // delete, all ways
  { line: 'delete pod one --grace-period=0 --force', sees: /pod "one" force deleted/ },
  { line: 'delete deploy web --cascade=foreground', sees: /"web" deleted/, since: 20 },
  { line: 'get rs', sees: /No resources found/ },
  { line: 'create deployment orphans --image=web --replicas=1', sees: /orphans created/ },
  { line: 'rollout status deployment/orphans --timeout=180s', sees: /successfully rolled out/ },
  { line: 'delete deploy orphans --cascade=orphan', sees: /"orphans" deleted/ },
  { line: 'get rs -l app=orphans', sees: /orphans-\w+ +1/ },
  { line: 'delete rs -l app=orphans --cascade=background', sees: /"orphans-\w+" deleted/ },
  { line: 'delete job --all', sees: /"j1" deleted/ },
  { line: 'delete all --all', sees: /deleted/ },
  { line: 'delete configmap -l set=prune', sees: /"settings" deleted/, since: 21 },
]
