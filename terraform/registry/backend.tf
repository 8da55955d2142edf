# Which bucket, key and region is said by `terraform init -backend-config=...`: see README.md.
terraform {
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}
