/** Bodies of plain HTTP requests and responses, and static files. Knows neither sessions nor handlers. */
package dev.weft.internal.http;
