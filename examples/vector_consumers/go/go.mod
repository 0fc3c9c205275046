module vectorconsumer

go 1.21
