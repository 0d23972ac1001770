// The functions a PAC file may call, and `find`, which calls the file. Runs before the file, in the same context, without any I/O.
// `tell` and `need` are the engine's too; all three are taken out of the file's sight before it is read.
//
// Written after Netscape's "Navigator Proxy Auto-Config File Format" (1996) and Microsoft's IPv6 extensions (the names ending in Ex).
// `world` is what the parent knows: {names: {host: [address]}, mine: [address], now: [local ms, GMT ms]}. A name it lacks is noted in
// `need`, and counts as unresolvable for the rest of this run, which the parent then repeats with the answer.
(function (global, world) {
  "use strict";
  var DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
  var MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
  var LONGEST = 4096; // of an answer: Windows keeps 2,048 characters
  var MOST = 64; // names wanted in one run
  var own = Object.prototype.hasOwnProperty;
  var parse = JSON.parse;
  var need = [];

  function text(value) {
    return String(value).toLowerCase();
  }

  // Addresses: an array of 4 or 16 bytes, or null.
  function ipv4(word) {
    var parts = String(word).split(".");
    if (parts.length !== 4) return null;
    var bytes = [];
    for (var i = 0; i < 4; i++) {
      if (!/^\d{1,3}$/.test(parts[i]) || +parts[i] > 255) return null;
      bytes.push(+parts[i]);
    }
    return bytes;
  }

  function groups(word) {
    if (word === "") return [];
    var found = [];
    var parts = word.split(":");
    for (var i = 0; i < parts.length; i++) {
      var four = i === parts.length - 1 ? ipv4(parts[i]) : null;
      if (four) found.push(four[0], four[1], four[2], four[3]);
      else if (/^[0-9a-f]{1,4}$/i.test(parts[i])) found.push(parseInt(parts[i], 16) >> 8, parseInt(parts[i], 16) & 255);
      else return null;
    }
    return found;
  }

  function ipv6(word) {
    var halves = String(word).split("::");
    if (halves.length > 2 || String(word).length > 45) return null;
    var head = groups(halves[0]);
    var tail = halves.length === 2 ? groups(halves[1]) : [];
    if (!head || !tail) return null;
    var missing = 16 - head.length - tail.length;
    if (halves.length === 2 ? missing < 2 : missing !== 0) return null;
    while (missing-- > 0) head.push(0);
    return head.concat(tail);
  }

  function address(word) {
    return ipv4(word) || ipv6(word);
  }

  function inside(bytes, net, bits) {
    if (!bytes || !net || bytes.length !== net.length) return false;
    for (var i = 0; i < bytes.length && bits > 0; i++, bits -= 8) {
      var mask = bits >= 8 ? 255 : 255 & (255 << (8 - bits));
      if ((bytes[i] & mask) !== (net[i] & mask)) return false;
    }
    return true;
  }

  // Names: every address of a host, IPv4 and IPv6.
  function lookup(host) {
    if (host === null || host === undefined) return []; // what another lookup did not find
    var name = text(host);
    if (address(name)) return [name];
    if (own.call(world.names, name)) return world.names[name];
    if (need.indexOf(name) < 0) {
      if (need.length >= MOST) throw new Error("too many names"); // more than any parent looks up
      need.push(name);
    }
    return [];
  }

  function firstIpv4(addresses) {
    for (var i = 0; i < addresses.length; i++) if (ipv4(addresses[i])) return addresses[i];
    return null;
  }

  // Host names.
  global.isPlainHostName = function (host) {
    return !/[.:]/.test(String(host));
  };
  global.dnsDomainIs = function (host, domain) {
    var name = text(host);
    var end = text(domain);
    return name.length >= end.length && name.slice(name.length - end.length) === end;
  };
  global.localHostOrDomainIs = function (host, full) {
    var name = text(host);
    return name === text(full) || text(full).indexOf(name + ".") === 0;
  };
  global.dnsDomainLevels = function (host) {
    return String(host).split(".").length - 1;
  };
  global.shExpMatch = function (string, pattern) {
    var s = String(string);
    var p = String(pattern);
    var i = 0;
    var j = 0;
    var star = -1;
    var back = 0;
    while (i < s.length) {
      if (j < p.length && p[j] !== "*" && (p[j] === "?" || p[j] === s[i])) {
        i++;
        j++;
      } else if (p[j] === "*") {
        star = j++;
        back = i;
      } else if (star >= 0) {
        j = star + 1;
        i = ++back;
      } else {
        return false;
      }
    }
    while (p[j] === "*") j++;
    return j === p.length;
  };

  // Addresses.
  global.dnsResolve = function (host) {
    return firstIpv4(lookup(host));
  };
  global.isResolvable = function (host) {
    return firstIpv4(lookup(host)) !== null;
  };
  global.isInNet = function (host, pattern, mask) {
    var net = ipv4(pattern);
    var bits = ipv4(mask);
    var bytes = ipv4(host) || ipv4(firstIpv4(lookup(host)));
    if (!net || !bits || !bytes) return false;
    for (var i = 0; i < 4; i++) if ((bytes[i] & bits[i]) !== (net[i] & bits[i])) return false;
    return true;
  };
  global.convert_addr = function (word) {
    var bytes = ipv4(word);
    return bytes ? (bytes[0] << 24) | (bytes[1] << 16) | (bytes[2] << 8) | bytes[3] : 0;
  };
  global.myIpAddress = function () {
    return firstIpv4(world.mine) || "127.0.0.1";
  };
  global.dnsResolveEx = function (host) {
    return lookup(host).join(";");
  };
  global.isResolvableEx = function (host) {
    return lookup(host).length > 0;
  };
  global.myIpAddressEx = function () {
    return world.mine.join(";");
  };
  global.isInNetEx = function (word, prefixes) {
    var list = String(prefixes).split(";");
    for (var i = 0; i < list.length; i++) {
      var parts = list[i].trim().split("/");
      var net = address(parts[0]);
      if (net && parts.length === 2 && /^\d{1,3}$/.test(parts[1]) && +parts[1] <= net.length * 8 && inside(address(word), net, +parts[1])) return true;
    }
    return false;
  };
  global.sortIpAddressList = function (list) {
    var words = String(list).split(";");
    for (var i = 0; i < words.length; i++) {
      words[i] = words[i].trim();
      if (!address(words[i])) return false;
    }
    words.sort(function (a, b) {
      var left = address(a);
      var right = address(b);
      for (var k = 0; left.length === right.length && k < left.length; k++) if (left[k] !== right[k]) return left[k] - right[k];
      return right.length - left.length; // IPv6 comes first
    });
    return words.join(";");
  };
  global.getClientVersion = function () {
    return "1.0";
  };

  // Time.
  function moment(args) {
    var gmt = args.length > 0 && args[args.length - 1] === "GMT";
    if (gmt) args.pop();
    return new Date(world.now[gmt ? 1 : 0]); // read by its UTC fields only
  }

  function within(low, now, high, wraps) {
    var order = compare(low, high);
    if (order <= 0) return compare(low, now) <= 0 && compare(now, high) <= 0;
    return wraps && (compare(low, now) <= 0 || compare(now, high) <= 0);
  }

  function compare(a, b) {
    for (var i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
    return 0;
  }

  global.weekdayRange = function () {
    var args = Array.prototype.slice.call(arguments);
    var now = moment(args).getUTCDay();
    var first = DAYS.indexOf(args[0]);
    var last = args.length > 1 ? DAYS.indexOf(args[1]) : first;
    return first >= 0 && last >= 0 && within([first], [now], [last], true);
  };
  global.timeRange = function () {
    var args = Array.prototype.slice.call(arguments);
    var date = moment(args);
    var now = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()];
    var numbers = args.map(Number);
    if (numbers.some(isNaN)) return false;
    if (numbers.length === 1) return within([numbers[0]], [now[0]], [numbers[0]], true);
    if (numbers.length === 2) return within([numbers[0]], [now[0]], [numbers[1]], true);
    if (numbers.length === 4) return within(numbers.slice(0, 2), now.slice(0, 2), numbers.slice(2), true);
    return numbers.length === 6 && within(numbers.slice(0, 3), now, numbers.slice(3), true);
  };
  global.dateRange = function () {
    var args = Array.prototype.slice.call(arguments);
    var date = moment(args);
    var now = { y: date.getUTCFullYear(), m: date.getUTCMonth(), d: date.getUTCDate() };
    var form = "";
    var values = [];
    for (var i = 0; i < args.length; i++) {
      var month = MONTHS.indexOf(args[i]);
      var number = Number(args[i]);
      form += month >= 0 ? "m" : number >= 1 && number <= 31 ? "d" : number > 31 ? "y" : "?";
      values.push(month >= 0 ? month : number);
    }
    var half = form.length / 2;
    var twice = half >= 1 && form.slice(0, half) === form.slice(half);
    var shape = twice ? form.slice(0, half) : form;
    if (!/^(d|m|y|dm|my|dmy)$/.test(shape)) return false;
    function at(from) {
      var parts = { y: values[from + shape.indexOf("y")], m: values[from + shape.indexOf("m")], d: values[from + shape.indexOf("d")] };
      return pick(parts);
    }
    function pick(parts) {
      return ["y", "m", "d"].filter(function (key) { return shape.indexOf(key) >= 0; }).map(function (key) { return parts[key]; });
    }
    return within(at(0), pick(now), at(twice ? half : 0), shape.indexOf("y") < 0);
  };

  global.alert = function () {};
  global.tell = function (text) {
    world = parse(text);
    need = [];
  };
  global.need = function () {
    return need.map(function (name) { return name.slice(0, 256); }).join("\n");
  };
  global.find = function (url, host) {
    var ex = typeof FindProxyForURLEx === "function";
    if (!ex && typeof FindProxyForURL !== "function") return "!no_function";
    var answer = ex ? FindProxyForURLEx(url, host) : FindProxyForURL(url, host);
    if (typeof answer !== "string") return answer === null || answer === undefined ? "" : "!not_text";
    return answer.length > LONGEST ? "!too_long" : answer;
  };
})
