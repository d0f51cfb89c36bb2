module cdktf-etcd/wan

go 1.18
