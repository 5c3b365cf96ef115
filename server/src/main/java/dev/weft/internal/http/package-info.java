/** Bodies of plain HTTP requests and responses, and static files. Independent of sessions and handlers. */
package dev.weft.internal.http;
