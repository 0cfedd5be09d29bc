# App Runner: the connector and the services behind it.

resource "aws_apprunner_vpc_connector" "main" {
  vpc_connector_name = "main"
  subnets            = [for key in ["a", "b", "d"] : aws_subnet.private[key].id]
  security_groups    = [aws_security_group.web.id]

  tags = { Name = "main" }
}

resource "aws_apprunner_vpc_connector" "second" {
  vpc_connector_name = "second"
  subnets            = [aws_subnet.private["a"].id]
  security_groups    = [aws_security_group.web.id, aws_security_group.db.id]
}

resource "aws_apprunner_service" "web" {
  service_name = "web-service"

  source_configuration {
    auto_deployments_enabled = false
    image_repository {
      image_identifier      = "public.ecr.aws/aws-containers/hello-app-runner:latest"
      image_repository_type = "ECR_PUBLIC"
      image_configuration {
        port = "8000"
        runtime_environment_variables = {
          STAGE = var.changed ? "second" : "first"
        }
      }
    }
  }

  instance_configuration {
    cpu    = var.changed ? "2048" : "1024"
    memory = "4096"
  }

  network_configuration {
    egress_configuration {
      egress_type       = "VPC"
      vpc_connector_arn = (var.changed ? aws_apprunner_vpc_connector.second : aws_apprunner_vpc_connector.main).arn
    }
  }

  tags = { Name = "web" }
}

resource "aws_apprunner_service" "plain" {
  service_name = "plain-service"

  source_configuration {
    auto_deployments_enabled = false
    image_repository {
      image_identifier      = "public.ecr.aws/aws-containers/hello-app-runner:latest"
      image_repository_type = "ECR_PUBLIC"
    }
  }
}
